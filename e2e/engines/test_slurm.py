"""Sandboxes as jobs of Slurm: `--launcher srun` on a cluster of two nodes with room for one job each (`slurm.sh`)."""

import base64
import hashlib
import json
import os
import subprocess

import pytest
from support import engine
from support.stdio_client import StdioClient, server_binary, text_of

LINKS = os.environ.get("SLURM_LINKS", "").split()
pytestmark = pytest.mark.skipif(not LINKS, reason="e2e/engines/run.sh starts the cluster that this is about")

SRUN = "srun --unbuffered --nodes=1 --ntasks=1 --input=0"
BEAT = ("--heartbeat", "3")
RUNNING = "touch /tmp/running; sleep 600"


def slurm(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def jobs() -> list[str]:
    return slurm("squeue", "--noheader", "--format=%i").split()


def nodes() -> list[str]:
    return sorted(slurm("squeue", "--noheader", "--states=RUNNING", "--format=%N").split())


def children(server: StdioClient) -> list[int]:
    return [int(line) for line in slurm("pgrep", "-P", str(server.process.pid), "srun").split()]


@pytest.fixture
def start(start_server, fresh_user):
    """Starts servers with a launcher. Afterwards no job is left."""
    started: list[StdioClient] = []

    def start(*arguments: str, launcher: str = SRUN, **options: object) -> StdioClient:
        started.append(start_server("--user", fresh_user, "--launcher", launcher, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()
    assert engine.poll(lambda: not jobs()) is not None, slurm("squeue")
    engine.wait_until_gone(fresh_user)


@pytest.fixture
def full_cluster():
    """Both nodes have a job; a call ends it."""
    # Those of the test before may still be ending.
    assert engine.poll(lambda: not jobs()) is not None, slurm("squeue")
    holders = [subprocess.Popen(["srun", "--quiet", "--ntasks=1", "sleep", "600"]) for _ in LINKS]

    def end(count: int = len(holders)) -> None:
        for holder in holders[:count]:
            holder.terminate()
            holder.wait(60)

    try:
        assert engine.poll(lambda: len(nodes()) == len(LINKS)) is not None, slurm("squeue")
        yield end
    finally:
        end()


def begin(server: StdioClient, meta: dict[str, object] | None = None):
    """A call whose command runs."""
    call = server.start_tool("execute_bash", command=RUNNING, timeout=600, meta=meta)
    server.bash("until [ -e /tmp/running ]; do sleep 0.02; done", meta=meta)
    return call


def failure(server: StdioClient) -> str:
    result = server.call_tool("execute_bash", command="true")
    assert result["isError"] is True
    return text_of(result)


def test_every_tool_works_in_a_job(start, fresh_user):
    server = start()
    assert server.bash("echo $((6 * 7)); hostname")["stdout"] == "42\nsandbox\n"
    content = base64.b64encode(os.urandom(3 << 20)).decode()
    assert not server.call_tool("write_file", file_path="/tmp/large.txt", content=content).get("isError")
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert server.bash("sha256sum < /tmp/large.txt")["stdout"] == f"{digest}  -\n"
    source = 'def double(number):\n    """Twice the number."""\n    return 2 * number\n'
    assert not server.call_tool("write_file", file_path="/workspace/maths.py", content=source).get("isError")
    assert "return 2" in json.dumps(server.call_tool("read_file", file_path="/workspace/maths.py"))
    documented = server.call_tool("read_docstring", file_path="/workspace/maths.py", function_name="double")
    assert "Twice the number." in json.dumps(documented)
    assert len(jobs()) == len(engine.containers(fresh_user)) == 1


def test_a_timeout_ends_every_process(start):
    server = start()
    server.call_tool("execute_bash", command="setsid sleep 4321 & sleep 4321", timeout=1)
    assert server.bash("pgrep -fx 'sleep 4321'")["stdout"] == ""


def test_two_users_are_on_two_nodes(start, fresh_user, passing_users):
    other = f"{fresh_user}-b"
    passing_users.append(other)
    server = start()
    server.bash("echo mine > /workspace/mine.txt")
    assert server.bash("ls /workspace", meta={"x-user-id": other})["stdout"] == ""
    assert nodes() == ["node1", "node2"]


def test_files_are_mounted_and_a_directory_can_be_the_workspace(start, tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "tides.py").write_text("def high():\n    return 'at noon'\n")
    (tmp_path / "work").mkdir()
    os.chown(tmp_path / "work", 1000, 1000)
    server = start("--tools", str(tmp_path / "tools"), "--workspace", str(tmp_path / "work"))
    assert server.bash("python3 -c 'import tides; print(tides.high())' | tee answer")["stdout"] == "at noon\n"
    assert (tmp_path / "work" / "answer").read_text() == "at noon\n"
    (tmp_path / "tools" / "tides.py").write_text("def high():\n    return 'at night'\n")
    assert server.bash("cat /tools/tides.py; ls /skills")["stdout"].startswith("def high():\n    return 'at night'\n")


def test_the_workspace_is_in_memory_unless_one_is_named(start):
    assert start().bash("stat -f -c %T /workspace")["stdout"] == "tmpfs\n"
    assert start("--workspace", "persistent").bash("stat -f -c %T /workspace")["stdout"] != "tmpfs\n"


@pytest.mark.parametrize("has_command", [False, True])
def test_a_killed_server_leaves_neither_job_nor_container(start, fresh_user, has_command):
    server = start()
    server.bash("sleep 1000 &")
    if has_command:
        begin(server)
    server.kill9()
    engine.wait_until_gone(fresh_user)
    assert engine.poll(lambda: not jobs()) is not None


def test_a_job_that_is_cancelled_ends_its_sandbox_and_the_next_call_gets_another(start, fresh_user):
    server = start()
    call = begin(server)
    [container] = engine.containers(fresh_user)
    slurm("scancel", *jobs())
    result = server.result(call)
    assert result["isError"] is True
    assert "The sandbox ended during the call" in text_of(result) and "CANCELLED" in text_of(result)
    assert engine.poll(lambda: container not in engine.containers(fresh_user)) is not None
    assert server.bash("echo again")["stdout"] == "again\n"


def test_a_job_that_is_cancelled_between_calls_is_told_with_the_next_result(start, fresh_user):
    server = start()
    server.bash("true")
    slurm("scancel", *jobs())
    engine.wait_until_gone(fresh_user)
    server.wait_for_log("CANCELLED")
    note = server.call_tool("execute_bash", command="true")
    assert "Note: this is a new sandbox. The previous one ended unexpectedly" in text_of(note)


def test_a_launcher_that_is_killed_ends_its_sandbox(start, fresh_user):
    server = start(*BEAT)
    call = begin(server)
    [job] = jobs()
    for process in children(server):
        os.kill(process, 9)
    result = server.result(call)
    assert result["isError"] is True
    assert "The sandbox ended during the call (signal 9" in text_of(result)
    assert engine.poll(lambda: job not in jobs()) is not None
    engine.wait_until_gone(fresh_user)


@pytest.mark.parametrize("has_command", [False, True])
def test_a_node_that_goes_away_ends_both_sides(start, fresh_user, has_command):
    server = start(*BEAT)
    server.bash("true")
    call = begin(server) if has_command else None
    [node] = nodes()
    link = LINKS[int(node.removeprefix("node")) - 1]
    subprocess.run(["ip", "link", "set", link, "down"], check=True)
    try:
        engine.wait_until_gone(fresh_user)
        server.wait_for_log("gave no sign of life for 12 seconds")
        if call:
            result = server.result(call)
            assert result["isError"] is True
            assert "gave no sign of life for 12 seconds and was given up" in text_of(result)
    finally:
        subprocess.run(["ip", "link", "set", link, "up"], check=True)

    def is_back() -> bool:
        return not server.call_tool("execute_bash", command="true").get("isError")

    assert engine.poll(is_back) is not None
    assert engine.poll(lambda: len(jobs()) == 1) is not None


def test_a_call_waits_in_the_queue_and_shows_it(start, full_cluster):
    server = start()
    call = server.start_tool("execute_bash", command="echo at last", meta={"progressToken": "queue"})
    message = server.wait_for(
        lambda message: "queued and waiting" in (message or {}).get("params", {}).get("message", ""), what="progress"
    )
    assert message["params"]["progressToken"] == "queue"
    full_cluster(1)
    assert "at last" in text_of(server.result(call))


def test_a_queue_that_takes_too_long_is_told_and_left(start, full_cluster):
    server = start("--start-timeout", "15")
    before = jobs()
    said = failure(server)
    assert "did not start within 15 seconds (--start-timeout)" in said
    assert "queued and waiting for resources" in said
    assert engine.poll(lambda: jobs() == before) is not None


@pytest.mark.parametrize("end", ["close", "kill9"])
def test_a_server_that_ends_leaves_the_queue(start, full_cluster, end):
    before = jobs()
    server = start()
    server.start_tool("execute_bash", command="true")
    assert engine.poll(lambda: len(jobs()) == len(before) + 1) is not None
    getattr(server, end)()
    assert engine.poll(lambda: jobs() == before) is not None


@pytest.mark.parametrize(
    ("launcher", "reason"),
    [
        (f"{SRUN} --partition=nowhere", "Invalid partition name specified"),
        (f"{SRUN} --nodelist=node9", "Invalid node name specified"),
        (f"{SRUN} --cpus-per-task=64", "More processors requested than permitted"),
        (f"{SRUN} --time=2-0", "Requested time limit is invalid"),
        (f"{SRUN} --nonsense", "unrecognized option"),
    ],
)
def test_what_srun_refuses_is_passed_on(start, launcher, reason):
    said = failure(start(launcher=launcher))
    assert "The sandbox could not be started" in said
    assert reason in said


def test_an_image_that_a_node_lacks_is_not_looked_for_here(start):
    said = failure(start("--image", "exec-mcp-nowhere:1"))
    assert "The sandbox image exec-mcp-nowhere:1 is missing on the machine where the launcher started" in said


def test_a_sandbox_can_wait_for_the_next_server(start):
    first = start("--linger", "60")
    first.bash("echo kept > /tmp/kept.txt")
    [job] = jobs()
    first.close()
    second = start("--linger", "60")
    assert second.bash("cat /tmp/kept.txt")["stdout"] == "kept\n"
    assert jobs() == [job]
    second.close()
    slurm("scancel", job)


def test_what_is_left_on_a_node_can_be_removed_there(start, fresh_user):
    server = start()
    server.bash("true")
    running = engine.only_container(fresh_user)
    labels = engine.inspect(running)["Config"]["Labels"]
    assert labels[f"{engine.LABEL_PREFIX}host"].startswith("launcher/")
    options = [f"--label={name}={value}" for name, value in labels.items()]
    engine.run("create", "--network=none", *options, engine.IMAGE, "true")
    # As docs/launchers.md has it, for this user's alone, and at once.
    user = f"label={engine.LABEL_PREFIX}user={fresh_user}"
    engine.run("container", "prune", "--force", "--filter", f"label={engine.LABEL_PREFIX}pid", "--filter", user)
    assert engine.containers(fresh_user) == [running]
    assert server.bash("echo still here")["stdout"] == "still here\n"


def test_doctor_starts_its_sandbox_through_the_launcher():
    done = subprocess.run(
        [server_binary(), "doctor", "--json", "--launcher", SRUN],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0, done.stdout
    assert "behind" in checks["command line"]["found"] and checks["command line"]["found"].endswith("/srun")
    assert checks["isolation"]["status"] == "passed"
    assert checks["end"]["status"] == checks["left-overs"]["status"] == "not checked"
    assert checks["end"]["found"].endswith("the engine behind a launcher can't be asked from here")
    assert engine.poll(lambda: not jobs()) is not None
