"""Sandboxes as pods: the real kubectl, a double of the API server, and real containers behind it."""

from __future__ import annotations

import hashlib
import json
import signal

import pytest
from support import engine
from support.cluster.checks import assert_nothing_is_left, refused, wait_for
from support.stdio_client import text_of


def test_every_tool_works_and_nothing_is_left(cluster, on_cluster):
    client = on_cluster()
    assert client.bash("echo $((6 * 7)); id -un; pwd")["stdout"] == "42\ncoderunner\n/workspace\n"
    assert not client.call_tool("write_file", file_path="/workspace/a.txt", content="kept\n").get("isError")
    assert client.bash("cat a.txt")["stdout"] == "kept\n"
    assert client.bash("python3 -c 'print(sum(range(10)))'")["stdout"] == "45\n"
    client.bash("seq 300000 > /artifacts/numbers.txt")
    assert any(found["uri"].endswith("/numbers.txt") for found in client.request("resources/list")["resources"])
    assert len(cluster.names("pods")) == 1
    assert client.close() == 0
    assert_nothing_is_left(cluster)


def test_much_goes_both_ways_unchanged(on_cluster):
    client = on_cluster()
    text = "".join(f"{number} äöü €\n" for number in range(200_000))
    assert not client.call_tool("write_file", file_path="/workspace/much.txt", content=text).get("isError")
    client.bash("cat much.txt much.txt > twice.txt")
    assert client.bash("wc -c < twice.txt")["stdout"] == f"{2 * len(text.encode())}\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert client.bash("sha256sum < much.txt")["stdout"].split()[0] == digest
    start = "".join(text.splitlines(keepends=True)[:1000])
    assert client.bash("head -n 1000 much.txt")["stdout"] == start


def test_skills_and_tools_are_there_and_cannot_be_written(double, on_cluster, tmp_path):
    skill = tmp_path / "skills" / "greet"
    (skill / "scripts").mkdir(parents=True)
    (skill / "SKILL.md").write_text("---\nname: greet\ndescription: Says hello.\n---\nCosts $(HOME) $5.\n")
    (skill / "scripts" / "run.sh").write_text("#!/bin/sh\necho hello from a skill\n")
    (skill / "scripts" / "run.sh").chmod(0o755)
    (skill / "data.bin").write_bytes(bytes(range(256)))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "answers.py").write_text("ANSWER = 42\n")
    client = on_cluster("--skills", str(skill.parent), "--tools", str(tools))
    done = client.bash("/skills/greet/scripts/run.sh; cat /skills/greet/SKILL.md; sha256sum /skills/greet/data.bin")
    assert done["stdout"].startswith("hello from a skill\n") and "Costs $(HOME) $5." in done["stdout"]
    assert "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880" in done["stdout"]
    assert client.bash("python3 -c 'import answers; print(answers.ANSWER)'")["stdout"] == "42\n"
    for path in ("/skills/greet/SKILL.md", "/tools/answers.py", "/tools/new.py"):
        assert client.bash(f"echo x > {path}")["exit_code"] != 0
    names = double.names("configmaps")
    client.close()
    # The same files are not stored again, unless a day has begun meanwhile.
    again = on_cluster("--skills", str(skill.parent), "--tools", str(tools))
    assert again.bash("cat /skills/greet/scripts/run.sh")["exit_code"] == 0
    days = {item["metadata"]["labels"]["io.exec-mcp.day"] for item in double.objects["configmaps"].values()}
    assert double.names("configmaps") == names or len(days) == 2


def test_files_that_are_too_old_to_be_in_use_are_removed(double, on_cluster, tmp_path):
    on_cluster().bash("true")
    (name, *_) = double.names("configmaps")
    stored = double.objects["configmaps"][name]
    day = int(stored["metadata"]["labels"]["io.exec-mcp.day"])

    def store(name: str, **labels: str) -> None:
        metadata = {**stored["metadata"], "name": name, "labels": {**stored["metadata"]["labels"], **labels}}
        double.objects["configmaps"][name] = {**stored, "metadata": metadata}

    store("old", **{"io.exec-mcp.day": str(day - 5)})
    store("recent", **{"io.exec-mcp.day": str(day - 1)})
    store("of-another-machine", **{"io.exec-mcp.day": str(day - 5), "io.exec-mcp.instance": "another"})
    store("of-others", **{"app.kubernetes.io/component": "backup", "io.exec-mcp.day": str(day - 5)})
    # The first sandbox with other files.
    (tmp_path / "other.py").write_text("OTHER = True\n")
    on_cluster("--tools", str(tmp_path)).bash("true")
    wait_for(lambda: "old" not in double.names("configmaps"))
    assert {name, "recent", "of-another-machine", "of-others"} <= set(double.names("configmaps"))


def test_a_killed_server_leaves_nothing(cluster, on_cluster):
    client = on_cluster()
    client.bash("true")
    client.kill9()
    assert_nothing_is_left(cluster)


def test_a_server_that_is_asked_to_end_deletes_its_job_without_waiting_for_the_cluster(double, on_cluster):
    double.ttl_scale = 1000
    client = on_cluster()
    client.bash("true")
    client.signal(signal.SIGTERM)
    client.wait_exit()
    assert_nothing_is_left(double)


def test_the_job_of_a_dead_server_is_removed_at_the_next_start(double, on_cluster):
    double.ttl_scale = 1000
    first = on_cluster()
    first.bash("true")
    (old,) = double.names("jobs")
    first.kill9()
    wait_for(lambda: double.created_pods[0].ended.is_set())
    second = on_cluster()
    second.bash("true")
    wait_for(lambda: old not in double.names("jobs"))
    assert len(double.names("jobs")) == 1
    assert second.bash("echo alive")["stdout"] == "alive\n"


def test_a_pod_that_is_ready_late_is_waited_for(double, on_cluster):
    double.faults.holds_pods = True
    client = on_cluster()
    call = client.start_tool("execute_bash", command="echo late")
    wait_for(lambda: double.names("pods"))
    double.release()
    assert "late" in text_of(client.result(call))


def test_a_pod_that_is_never_ready_is_given_up_and_removed(double, on_cluster):
    double.faults.holds_pods = True
    client = on_cluster("--start-timeout", "30")
    said = refused(client)
    assert "not ready within 30 seconds" in said and "--start-timeout" in said
    assert_nothing_is_left(double)
    double.release()
    assert client.bash("echo again")["stdout"] == "again\n"


def test_a_full_cluster_is_explained(double, on_cluster):
    double.faults.unschedulable = "0/3 nodes are available: 3 Insufficient memory."
    said = refused(on_cluster("--start-timeout", "20"))
    assert "3 Insufficient memory" in said and "--memory" in said
    assert_nothing_is_left(double)


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_is_explained_at_once(double, on_cluster, reason):
    double.faults.waiting = (reason, 'Back-off pulling image "nowhere": not found')
    said = refused(on_cluster("--image", "nowhere"))
    assert "cannot pull the image nowhere" in said and "--kubernetes-image-pull-secret" in said and "not found" in said
    assert_nothing_is_left(double)


def test_an_exhausted_quota_is_explained_at_once(double, on_cluster):
    double.faults.refused_pods = (
        'pods "x" is forbidden: exceeded quota: sandboxes, requested: pods=1, used: pods=34, limited: pods=34'
    )
    said = refused(on_cluster())
    assert "quota of the namespace exec-mcp-sandboxes" in said and "used: pods=34" in said
    assert_nothing_is_left(double)


def test_a_pod_that_is_not_admitted_is_explained_at_once(double, on_cluster):
    double.faults.refused_pods = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": hostPort'
    assert "security standard" in refused(on_cluster())


@pytest.mark.parametrize(
    "rights",
    [
        {("create", "jobs")},
        {("list", "pods")},
        {("watch", "pods")},
        # kubectl tries either.
        {("get", "pods/attach"), ("create", "pods/attach")},
    ],
    ids=lambda rights: " ".join(sorted(f"{verb}-{resource}" for verb, resource in rights)),
)
def test_a_missing_right_is_explained(double, on_cluster, rights):
    # A pod that is ready at once need not be watched.
    double.faults.holds_pods = ("watch", "pods") in rights
    double.faults.forbidden = rights
    said = refused(on_cluster())
    assert "does not allow this account" in said and "exec-mcp kubernetes manifest" in said, said
    double.faults.forbidden = set()
    assert_nothing_is_left(double)


def test_an_account_that_may_not_read_events_is_told_where_to_look(double, on_cluster):
    double.faults.forbidden = {("list", "events"), ("watch", "events")}
    double.faults.refused_pods = "exceeded quota: sandboxes"
    said = refused(on_cluster("--start-timeout", "6"))
    assert "No pod was created" in said


def test_a_busy_api_server_is_asked_again(double, on_cluster):
    double.faults.too_many_requests = 1
    assert on_cluster().bash("echo answered")["stdout"] == "answered\n"


def test_a_warning_of_the_cluster_does_not_fail_a_start(double, on_cluster):
    double.faults.warning = "a policy does not like this"
    on_cluster().bash("true")
    # The ConfigMaps are there already, which makes kubectl fail.
    assert on_cluster().bash("echo again")["stdout"] == "again\n"


def test_a_missing_namespace_is_explained(on_cluster):
    said = refused(on_cluster("--kubernetes-namespace", "elsewhere"))
    assert "no namespace elsewhere" in said and "exec-mcp kubernetes manifest" in said


def test_a_missing_context_is_explained(on_cluster):
    assert "get-contexts" in refused(on_cluster("--kubernetes-context", "elsewhere"))


def test_a_cluster_that_is_not_known_or_not_there_is_explained(double, on_cluster, tmp_path):
    nothing = {"KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    assert "does not know a cluster" in refused(on_cluster(env=nothing))
    gone = json.loads(double.kubeconfig.read_text())
    gone["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    (tmp_path / "gone").write_text(json.dumps(gone))
    assert "cannot reach the cluster" in refused(on_cluster(env={"KUBECONFIG": str(tmp_path / "gone")}))


def test_a_missing_program_is_explained(start_server):
    client = start_server("--engine", "/nowhere/kubectl")
    assert "Install kubectl" in refused(client)


def test_an_attach_that_comes_too_early_is_an_error_and_not_a_hang(double, on_cluster):
    double.faults.refused_attach = "container sandbox not found in pod"
    client = on_cluster()
    assert "attach to the sandbox's pod" in refused(client)
    assert_nothing_is_left(double)
    double.faults.refused_attach = None
    assert client.bash("echo again")["stdout"] == "again\n"


def test_a_connection_that_is_lost_without_an_error_is_not_taken_for_a_result(double, on_cluster):
    client = on_cluster()
    client.bash("true")
    call = client.start_tool("execute_bash", command="touch started; sleep 60")
    pod = double.created_pods[0].name
    wait_for(lambda: "started" in engine.run("exec", pod, "ls", "/workspace", check=False))
    double.cut()
    result = client.result(call)
    assert result["isError"] and "The connection to the sandbox was cut" in text_of(result)
    assert client.bash("echo next")["stdout"] == "next\n"
    client.close()
    assert_nothing_is_left(double)


def test_files_under_a_name_of_ours_with_other_content_are_refused(double, on_cluster):
    double.faults.other_content = True
    assert "does not have the skills or tools that it is named after" in refused(on_cluster())
    assert_nothing_is_left(double)


def test_the_doctor_tries_each_right(double, doctor):
    double.faults.forbidden = {("watch", "events"), ("create", "pods/attach")}
    report = doctor()
    assert report["rights"]["status"] == "failed"
    assert "create pods/attach" in report["rights"]["found"] and "watch events" in report["rights"]["found"]
    assert "exec-mcp kubernetes manifest" in report["rights"]["remedy"]
    assert "get pods" not in report["rights"]["found"]


def test_the_doctor_examines_a_sandbox(double, doctor):
    report = doctor()
    for name in ("command line", "engine", "rights", "image", "sandbox", "isolation", "network", "end", "left-overs"):
        assert report[name]["status"] in ("passed", "warning"), report[name]
    assert "nodes fetch" in report["image"]["found"]
    assert report["limits"]["status"] == "warning" and "podPidsLimit" in report["limits"]["remedy"]
    assert_nothing_is_left(double)
