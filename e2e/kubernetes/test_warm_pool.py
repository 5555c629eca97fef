"""Sandboxes from a pool of pods that are ready before they are needed: the real kubectl, and a double of the API server
and of the controllers of agent-sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.cluster.checks import refused, wait_for, wait_until_ended
from support.cluster.warm_pools import POOL
from support.stdio_client import text_of

Json = dict[str, Any]
OWN_KINDS = {"ConfigMap": "configmaps", "SandboxTemplate": "sandboxtemplates", "SandboxWarmPool": "sandboxwarmpools"}
MANIFEST = "exec-mcp kubernetes manifest --kubernetes-warm-pool ready"


@pytest.fixture
def make_pool(double, manifest) -> Callable[..., None]:
    """Has the double keep the pool that the program describes, and waits until its pods are ready."""

    def make(*arguments: str, size: int = 2) -> None:
        for item in manifest(*arguments, size=size):
            if item["kind"] in OWN_KINDS:
                double.warm_pools.store(OWN_KINDS[item["kind"]], item)
        if not double.faults.drained:
            wait_for(lambda: double.warm_pools.is_full(POOL, size))

    return make


@pytest.fixture
def on_pool(on_cluster):
    """Starts a server whose sandboxes are pods of the pool."""
    return lambda *arguments: on_cluster("--kubernetes-warm-pool", POOL, *arguments)


def assert_nothing_is_claimed(double) -> None:
    wait_for(lambda: not double.names("sandboxclaims"))
    stock = double.warm_pools.stock.get(POOL, [])
    for pod in double.created_pods:
        if pod not in stock:
            wait_until_ended(pod)


def test_a_sandbox_is_a_pod_from_the_stock_which_is_filled_again(double, make_pool, on_pool):
    make_pool()
    stock = [pod.name for pod in double.warm_pools.stock[POOL]]
    client = on_pool()
    assert client.bash("echo $((6 * 7)); id -un; pwd")["stdout"] == "42\ncoderunner\n/workspace\n"
    assert not client.call_tool("write_file", file_path="/workspace/a.txt", content="kept\n").get("isError")
    assert client.bash("cat a.txt")["stdout"] == "kept\n"
    (pod,) = double.warm_pools.bound.values()
    assert pod.name in stock
    wait_for(lambda: double.warm_pools.is_full(POOL, 2))
    assert double.names("jobs") == []
    assert client.close() == 0
    assert_nothing_is_claimed(double)
    assert double.warm_pools.is_full(POOL, 2)


def test_skills_and_tools_are_in_the_pods(double, make_pool, on_pool, tmp_path):
    (tmp_path / "answers.py").write_text("ANSWER = 42\n")
    make_pool("--tools", str(tmp_path), size=1)
    client = on_pool("--tools", str(tmp_path))
    assert client.bash("python3 -c 'import answers; print(answers.ANSWER)'")["stdout"] == "42\n"
    assert client.bash("ls /skills | head -n 1")["stdout"] != ""
    assert client.bash("echo x > /tools/answers.py")["exit_code"] != 0


def test_other_skills_or_tools_are_refused_with_the_command_that_prints_the_template(
    double, make_pool, on_pool, tmp_path
):
    (tmp_path / "answers.py").write_text("ANSWER = 42\n")
    make_pool("--tools", str(tmp_path), size=1)
    (tmp_path / "answers.py").write_text("ANSWER = 43\n")
    said = refused(on_pool("--tools", str(tmp_path)))
    assert "spec.volumes" in said and f"{MANIFEST} | kubectl apply" in said and "skills and tools" in said


def test_tools_that_somebody_has_exchanged_are_refused(double, make_pool, on_pool, tmp_path):
    (tmp_path / "answers.py").write_text("ANSWER = 42\n")
    make_pool("--tools", str(tmp_path), size=1)
    for item in double.objects["configmaps"].values():
        for key, content in item["data"].items():
            item["data"][key] = content.replace("42", "43")
    assert "does not have the skills or tools" in refused(on_pool("--tools", str(tmp_path)))
    assert_nothing_is_claimed(double)


def test_a_claim_has_an_owner_and_ends_with_its_sandbox(double, make_pool, on_pool):
    make_pool(size=1)
    client = on_pool("--kubernetes-owner", "agent-1/6f1c-0001", "--user", "Ada_L-")
    client.bash("true")
    (claim,) = double.objects["sandboxclaims"].values()
    assert claim["metadata"]["annotations"]["io.exec-mcp.user"] == "Ada_L-"
    assert "Ada" not in claim["metadata"]["name"] + json.dumps(claim["metadata"]["labels"])
    (owner,) = claim["metadata"]["ownerReferences"]
    assert owner["name"] == "agent-1"
    assert claim["spec"]["warmPoolRef"] == {"name": POOL}
    assert "env" not in claim["spec"] and "volumeClaimTemplates" not in claim["spec"]
    # For hours it is in use; then it is given up, whatever happens.
    double.warm_pools.advance(hours=20)
    assert client.bash("echo alive")["stdout"] == "alive\n"
    double.warm_pools.advance(hours=5)
    wait_for(lambda: double.names("sandboxclaims") == [])
    assert_nothing_is_claimed(double)


def test_when_a_server_is_killed_nothing_is_left(double, make_pool, on_pool):
    make_pool(size=1)
    client = on_pool()
    client.bash("true")
    client.kill9()
    assert_nothing_is_claimed(double)


def test_a_server_that_is_killed_before_it_is_attached_leaves_nothing(double, make_pool, on_pool):
    double.faults.drained = double.faults.holds_pods = True
    make_pool()
    client = on_pool("--start-timeout", "60")
    client.start_tool("execute_bash", command="true")
    wait_for(lambda: double.names("sandboxclaims"))
    client.kill9()
    double.release()
    # Nobody will ever write to the pod, which waits.
    wait_for(lambda: double.created_pods[0].ready)
    double.warm_pools.advance(minutes=5)
    assert double.names("sandboxclaims")
    double.warm_pools.advance(minutes=2)
    assert_nothing_is_claimed(double)


def test_the_claim_of_a_dead_server_is_removed_at_the_next_start(double, make_pool, on_pool):
    double.ttl_scale = 1000
    make_pool()
    first = on_pool()
    first.bash("true")
    (old,) = double.names("sandboxclaims")
    first.kill9()
    wait_for(lambda: double.warm_pools.bound[old].ended.is_set())
    second = on_pool()
    second.bash("true")
    wait_for(lambda: old not in double.names("sandboxclaims"))
    assert len(double.names("sandboxclaims")) == 1
    assert second.bash("echo alive")["stdout"] == "alive\n"


def test_the_job_of_a_server_without_a_pool_is_removed_too(double, make_pool, on_cluster, on_pool):
    double.ttl_scale = 1000
    make_pool()
    first = on_cluster()
    first.bash("true")
    first.kill9()
    wait_for(lambda: next(pod for pod in double.created_pods if pod.job).ended.is_set())
    on_pool().bash("true")
    wait_for(lambda: not double.names("jobs"))


def test_an_empty_pool_costs_time_and_nothing_else(double, make_pool, on_pool):
    double.faults.drained = True
    make_pool()
    client = on_pool()
    assert client.bash("echo cold")["stdout"] == "cold\n"
    assert list(double.warm_pools.bound) == [pod.name for pod in double.created_pods]
    client.close()
    assert_nothing_is_claimed(double)


def test_a_pod_that_is_ready_late_is_waited_for(double, make_pool, on_pool):
    double.faults.drained = double.faults.holds_pods = True
    make_pool()
    client = on_pool()
    call = client.start_tool("execute_bash", command="echo late")
    wait_for(lambda: double.names("pods"))
    double.release()
    assert "late" in text_of(client.result(call))


def test_an_empty_pool_whose_new_pods_are_never_ready_is_explained(double, make_pool, on_pool):
    double.faults.drained = True
    double.faults.unschedulable = "0/3 nodes are available: 3 Insufficient memory."
    make_pool()
    said = refused(on_pool("--start-timeout", "10"))
    assert "No pod of the pool ready was ready within 10 seconds" in said and "--pool-size" in said
    assert "3 Insufficient memory" in said
    assert_nothing_is_claimed(double)


def test_an_image_that_cannot_be_pulled_is_explained_at_once(double, make_pool, on_pool):
    double.faults.drained = True
    double.faults.waiting = ("ImagePullBackOff", 'Back-off pulling image "nowhere": not found')
    make_pool("--image", "nowhere")
    assert "cannot pull the image nowhere" in refused(on_pool("--image", "nowhere"))
    assert_nothing_is_claimed(double)


def test_a_missing_pool_is_explained_at_once(double, on_pool):
    said = refused(on_pool())
    assert "has no pool ready" in said and f"{MANIFEST} | kubectl apply" in said
    assert_nothing_is_claimed(double)


def test_a_missing_template_is_explained_at_once(double, manifest, on_pool):
    (pool,) = (item for item in manifest() if item["kind"] == "SandboxWarmPool")
    double.warm_pools.store("sandboxwarmpools", pool)
    said = refused(on_pool())
    assert "has no template" in said and MANIFEST in said
    assert_nothing_is_claimed(double)


def test_a_cluster_without_agent_sandbox_is_explained_at_once(double, on_pool):
    double.faults.has_pools = False
    said = refused(on_pool())
    assert "agent-sandbox (kubernetes-sigs)" in said and "without --kubernetes-warm-pool" in said


def test_an_api_that_kubectl_remembers_and_that_is_gone_is_explained_too(double, make_pool, on_pool):
    make_pool()
    on_pool().bash("true")
    double.faults.has_pools = False
    assert "agent-sandbox (kubernetes-sigs)" in refused(on_pool())


def test_a_controller_that_is_not_running_is_explained(double, make_pool, on_pool):
    make_pool(size=1)
    double.faults.no_controller = True
    said = refused(on_pool("--start-timeout", "5"))
    assert "is the controller of agent-sandbox running" in said
    assert_nothing_is_claimed(double)


def test_clocks_that_differ_by_hours_are_explained(double, make_pool, on_pool):
    make_pool(size=1)
    double.warm_pools.advance(hours=3)
    assert "Is the clock of this machine right?" in refused(on_pool())


@pytest.mark.parametrize(
    "right",
    [("create", "sandboxclaims"), ("watch", "sandboxclaims"), ("patch", "sandboxclaims"), ("get", "pods")],
    ids="-".join,
)
def test_a_missing_right_is_explained(double, make_pool, on_pool, right):
    make_pool(size=1)
    double.faults.forbidden = {right}
    # A claim that is served at once need not be watched.
    double.faults.no_controller = right[0] == "watch"
    said = refused(on_pool())
    assert "does not allow this account" in said and MANIFEST in said, said
    assert_nothing_is_claimed(double)


def container(spec: Json) -> Json:
    return spec["containers"][0]


@pytest.mark.parametrize(
    ("weakens", "named"),
    [
        (lambda spec: spec.update(hostNetwork=True), "spec.hostNetwork"),
        (lambda spec: spec.update(automountServiceAccountToken=True), "spec.automountServiceAccountToken"),
        (lambda spec: spec["containers"].append({"name": "sidecar"}), "spec.containers[1]"),
        (lambda spec: spec.update(initContainers=[{"name": "first"}]), "spec.initContainers"),
        (lambda spec: spec["securityContext"].update(runAsUser=0), "spec.securityContext.runAsUser"),
        (
            lambda spec: container(spec)["securityContext"].update(privileged=True),
            "spec.containers[0].securityContext.privileged",
        ),
        (lambda spec: container(spec).update(stdinOnce=False), "spec.containers[0].stdinOnce"),
        (lambda spec: container(spec)["resources"]["limits"].pop("memory"), "resources.limits.memory"),
        (lambda spec: container(spec)["env"].append({"name": "KEY", "value": "s3cret"}), "spec.containers[0].env["),
        (lambda spec: spec["volumes"].append({"name": "node", "hostPath": {"path": "/"}}), "spec.volumes["),
    ],
)
def test_a_weaker_pod_is_refused_by_the_name_of_the_field(double, make_pool, on_pool, weakens, named):
    double.faults.weakens = weakens
    make_pool(size=1)
    said = refused(on_pool(), "touch /workspace/ran")
    assert named in said and "nothing runs in it" in said and MANIFEST in said, said
    assert "s3cret" not in said
    assert double.logs() == b""
    assert_nothing_is_claimed(double)


def test_a_pod_of_somebody_else_is_refused(double, make_pool, on_pool):
    double.faults.stranger = True
    make_pool(size=1)
    assert "does not belong to the pool" in refused(on_pool())
    assert_nothing_is_claimed(double)


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (("--memory", "2g"), "memory"),
        (("--cpus", "2"), "env["),
        (("--image", "another"), "spec.containers[0].image"),
        (("--runtime", "gvisor"), "spec.runtimeClassName"),
    ],
)
def test_a_pod_that_was_made_with_other_options_is_refused(double, make_pool, on_pool, option, named):
    make_pool(size=1)
    assert named in refused(on_pool(*option))


def test_the_doctor_tries_the_rights_for_claims_and_a_sandbox(double, make_pool, doctor):
    make_pool()
    double.faults.forbidden = {("patch", "sandboxclaims")}
    report = doctor("--kubernetes-warm-pool", POOL)
    assert report["rights"]["status"] == "failed" and report["rights"]["found"].endswith("patch sandboxclaims")
    double.faults.forbidden = set()
    report = doctor("--kubernetes-warm-pool", POOL)
    for name in ("engine", "rights", "image", "sandbox", "isolation", "network", "end", "left-overs"):
        assert report[name]["status"] in ("passed", "warning"), report[name]
    assert_nothing_is_claimed(double)
