"""`--linger`: a sandbox outlives its server for a while, for the next one of the same account, user and options."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time

import pytest
from support import engine, jobs
from support.holders import assert_nothing_left, directory, end_all, holders, listening_sockets, marks, only_holder
from support.stdio_client import StdioClient

pytestmark = pytest.mark.alone

LONG = "600"
JOB = jobs.start("sleep 600", "nohup {} &")
COUNT_JOBS = "pgrep -fxc 'sleep 600'"


@pytest.fixture
def lingering(start_server, fresh_user):
    """Starts servers whose sandboxes linger; in the end the last sandbox goes as well."""

    servers = []

    def start(*options: str, seconds: str = LONG, **more: object) -> StdioClient:
        servers.append(start_server("--user", fresh_user, "--linger", seconds, *options, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
    end_all(fresh_user)


def ended(server: StdioClient) -> None:
    assert server.close() == 0


@pytest.mark.parametrize("way", ["end of input", signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_jobs_and_files_in_memory_survive_from_one_server_to_the_next(lingering, fresh_user, way):
    first = lingering()
    first.bash(f"echo kept > /tmp/kept.txt; {JOB}")
    container = engine.only_container(fresh_user)
    if isinstance(way, signal.Signals):
        first.signal(way)
        first.wait_exit()
    else:
        ended(first)
    second = lingering()
    assert second.bash(f"cat /tmp/kept.txt; {COUNT_JOBS}") == {"exit_code": 0, "stdout": "kept\n1\n", "stderr": ""}
    assert engine.only_container(fresh_user) == container
    assert engine.poll(lambda: not holders(fresh_user)) is not None, "it has handed over, and ends"
    second.wait_for_log("reusing sandbox")


def test_a_server_goes_on_with_every_tool_and_hears_of_artifacts(lingering):
    first = lingering()
    first.call_tool("write_file", file_path="/tmp/a.txt", content="a\n")
    first.bash("echo one > /artifacts/one.txt")
    ended(first)
    second = lingering()
    assert second.call_tool("read_file", file_path="/tmp/a.txt")["content"][0]["text"] == "a\n"
    assert [entry["name"] for entry in second.request("resources/list")["resources"]].count("one.txt") == 1
    result = second.call_tool("execute_bash", command="echo two > /artifacts/two.txt; sleep 1; echo done")
    assert [block["name"] for block in result["content"][1:]] == ["two.txt"]
    assert second.bash("yes | head -c 3000000 | tail -c 4")["stdout"] == "y\ny\n"


def test_commands_of_calls_under_way_end_with_their_server(lingering, fresh_user):
    first = lingering()
    call = first.start_tool("execute_bash", command="trap '' TERM; touch /tmp/busy; sleep 601; sleep 602", timeout=600)
    first.bash(f"until [ -e /tmp/busy ]; do sleep 0.02; done; {JOB}")
    ended(first)
    assert first.response(call)["result"]["isError"] is True
    second = lingering()
    result = second.bash(f"ls /tmp/busy; pgrep -f 'sleep 60[12]'; {COUNT_JOBS}")
    assert result["stdout"] == "/tmp/busy\n1\n"


def settled_descriptors(server, at_most: int) -> int:
    """How many descriptors a server has, once they are no more than `at_most`."""
    deadline = time.monotonic() + engine.PATIENCE
    while (count := len(os.listdir(f"/proc/{server.process.pid}/fd"))) > at_most:
        assert time.monotonic() < deadline, f"they pile up: {count}"
        time.sleep(0.05)
    return count


def test_twenty_servers_one_after_the_other_leak_nothing(lingering, fresh_user):
    with lingering() as server:
        server.bash(f"echo 0 > /tmp/count; {JOB}")
        container = engine.only_container(fresh_user)
        processes = len(engine.processes(container))
    fewest = 1000
    for number in range(1, 20):
        with lingering() as server:
            result = server.bash(f"echo $(($(cat /tmp/count) + 1)) > /tmp/count; cat /tmp/count; {COUNT_JOBS}")
            assert result["stdout"] == f"{number}\n1\n"
            # The sweep for orphans, which begins with the sandbox, has the pipes of the engine's program for a moment.
            descriptors = settled_descriptors(server, at_most=fewest + 2)
            fewest = min(fewest, descriptors)
    holder = only_holder(fresh_user)
    assert engine.only_container(fresh_user) == container
    assert len(engine.processes(container)) <= processes + 16  # helpers for calls to come, and their shells
    assert len(marks(fresh_user)) == 1

    def descriptors_of_holder() -> list[int]:
        return sorted(int(name) for name in os.listdir(f"/proc/{holder}/fd"))

    # While it starts, the program's files are open as well.
    assert engine.poll(lambda: descriptors_of_holder() == list(range(8))) is not None, descriptors_of_holder()


@pytest.mark.parametrize("has_gone_on", [False, True], ids=["with its own", "with one that lingered"])
def test_a_killed_server_leaves_nothing(lingering, fresh_user, has_gone_on):
    server = lingering()
    server.bash(JOB)
    if has_gone_on:
        ended(server)
        server = lingering()
        assert server.bash(COUNT_JOBS)["stdout"] == "1\n"
    server.kill9()
    assert_nothing_left(fresh_user)


def test_a_killed_holder_leaves_nothing_and_nobody_stumbles(lingering, fresh_user):
    first = lingering()
    first.bash(f"echo lost > /tmp/lost.txt; {JOB}")
    ended(first)
    os.kill(only_holder(fresh_user), signal.SIGKILL)
    assert_nothing_left(fresh_user)
    second = lingering()
    assert second.bash("ls /tmp/lost.txt")["exit_code"] != 0


def test_nothing_is_left_when_the_time_is_up(lingering, fresh_user):
    server = lingering(seconds="1")
    server.bash(JOB)
    ended(server)
    assert_nothing_left(fresh_user)
    assert engine.poll(lambda: not marks(fresh_user)) is not None, marks(fresh_user)


@pytest.mark.parametrize("way", ["kill", "rm --force"])
def test_a_holder_ends_with_its_sandbox(lingering, fresh_user, way):
    server = lingering()
    server.bash(JOB)
    ended(server)
    engine.run(*way.split(), engine.only_container(fresh_user))
    assert_nothing_left(fresh_user)
    assert engine.poll(lambda: not marks(fresh_user)) is not None, marks(fresh_user)


@pytest.mark.parametrize(
    "options",
    ["--memory 512m", "--pids 200", "--workspace ephemeral", "--artifact-limit-mb 7", "--linger 0"],
)
def test_servers_with_other_options_get_a_sandbox_of_their_own(lingering, fresh_user, options):
    first = lingering()
    first.bash("echo mine > /tmp/mine.txt")
    ended(first)
    other = lingering(*options.split())
    assert other.bash("ls /tmp/mine.txt")["exit_code"] != 0
    assert len(engine.containers(fresh_user)) == 2
    assert lingering().bash("cat /tmp/mine.txt")["stdout"] == "mine\n"


def test_another_user_gets_a_sandbox_of_its_own(lingering, fresh_user, passing_users, start_server):
    other = f"{fresh_user}.other"
    passing_users.append(other)
    first = lingering()
    first.bash("echo mine > /tmp/mine.txt")
    ended(first)
    second = start_server("--user", other, "--linger", "1")
    assert second.bash("ls /tmp/mine.txt")["exit_code"] != 0
    assert len(engine.containers(fresh_user)) == 1


def test_a_directory_that_took_the_place_of_the_workspace_is_another(lingering, tmp_path):
    workspace = tmp_path / "work"
    workspace.mkdir(mode=0o777)
    workspace.chmod(0o777)
    first = lingering("--workspace", str(workspace))
    first.bash("echo mine > mine.txt; cp mine.txt /tmp")
    ended(first)
    workspace.rename(tmp_path / "old")
    workspace.mkdir(mode=0o777)
    workspace.chmod(0o777)
    second = lingering("--workspace", str(workspace))
    assert second.bash("ls mine.txt /tmp/mine.txt")["stdout"] == ""


def test_of_two_servers_at_once_exactly_one_gets_it(lingering, fresh_user):
    first = lingering()
    first.bash("echo kept > /tmp/kept.txt")
    ended(first)
    servers = [lingering() for _ in range(3)]
    calls = [server.start_tool("execute_bash", command="cat /tmp/kept.txt") for server in servers]
    outputs = [server.result(call)["structuredContent"]["stdout"] for server, call in zip(servers, calls, strict=True)]
    assert sorted(outputs) == ["", "", "kept\n"]
    for server in servers:
        ended(server)
    # Of those without jobs the oldest stays, whichever server ended last.
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None
    assert lingering().bash("cat /tmp/kept.txt")["stdout"] == "kept\n"


def test_the_sandbox_with_a_job_is_the_one_that_is_had(lingering, fresh_user):
    old, new = lingering(), lingering()
    old.bash("true")
    new.bash(JOB)
    for server in (new, old):
        ended(server)
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None
    assert lingering().bash(COUNT_JOBS)["stdout"] == "1\n"


def test_a_prewarmed_server_takes_it_and_leaves_it_untouched(lingering, fresh_user):
    first = lingering()
    first.bash("echo kept > /tmp/kept.txt")
    ended(first)
    listing = lingering("--prewarm")
    listing.request("tools/list")
    listing.wait_for_log("reusing sandbox")
    listing.wait_for_log("prewarmed for the next call")
    ended(listing)
    assert lingering().bash("cat /tmp/kept.txt")["stdout"] == "kept\n"
    assert len(engine.containers(fresh_user)) == 1


def test_a_sandbox_that_served_nobody_does_not_linger(lingering, fresh_user):
    server = lingering("--prewarm")
    server.request("tools/list")
    server.wait_for_log("prewarmed for the next call")
    ended(server)
    assert_nothing_left(fresh_user)


def test_no_sweep_takes_a_sandbox_that_is_held(lingering, start_server, fresh_user):
    first = lingering()
    first.bash("echo kept > /tmp/kept.txt")
    ended(first)
    container = engine.only_container(fresh_user)
    sweeper = start_server("--user", fresh_user, "--log-level", "debug")
    sweeper.bash("true")
    ended(sweeper)
    second = lingering()
    assert second.bash("cat /tmp/kept.txt")["stdout"] == "kept\n"
    # Its owner is dead, but this server has it.
    sweeper = start_server("--user", fresh_user)
    sweeper.bash("sleep 1")
    ended(sweeper)
    assert engine.poll(lambda: engine.containers(fresh_user) == [container]) is not None, engine.containers(fresh_user)
    assert second.bash("cat /tmp/kept.txt")["stdout"] == "kept\n"


def test_a_sweep_takes_what_nobody_holds(lingering, start_server, fresh_user):
    server = lingering()
    server.bash("true")
    labels = engine.inspect(engine.only_container(fresh_user))["Config"]["Labels"]
    server.kill9()
    assert_nothing_left(fresh_user)
    ours = {name: value for name, value in labels.items() if name.startswith(engine.LABEL_PREFIX)}
    orphan = engine.leave_orphan(ours)
    try:
        sweeper = start_server("--user", fresh_user)
        sweeper.bash("true")
        assert engine.poll(lambda: orphan not in engine.containers(fresh_user)) is not None
        ended(sweeper)
    finally:
        engine.run("rm", "--force", orphan, check=False)


def test_the_directory_is_this_accounts_alone(lingering):
    server = lingering()
    server.bash("true")
    status = directory().lstat()
    assert stat.S_ISDIR(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o700
    assert status.st_uid == os.geteuid()


def test_a_job_that_writes_artifacts_and_talks_does_not_choke_while_it_lingers(lingering, fresh_user):
    """Nobody reads the channel meanwhile."""
    first = lingering()
    noise = "for i in $(seq 400); do echo $i > /artifacts/$i.txt; echo noise; rm /artifacts/$i.txt; sleep 0.01; done"
    first.bash(f"({noise}; echo done > /tmp/done.txt) &")
    ended(first)
    holder = only_holder(fresh_user)
    time.sleep(1)
    assert holders(fresh_user) == [holder]
    second = lingering()
    assert second.bash("until [ -e /tmp/done.txt ]; do sleep 0.05; done; echo fine", timeout=60)["stdout"] == "fine\n"


def test_start_up_with_a_lingering_sandbox_is_quicker_than_a_container(lingering):
    """Going on costs a connection, not the start of a container."""
    times = []
    for _ in range(4):
        server = lingering()
        begun = time.monotonic()
        server.bash("true")
        times.append(time.monotonic() - begun)
        ended(server)
    first, again = times[0], min(times[1:])
    print(f"first call: {first * 1000:.0f} ms with a new container, {again * 1000:.0f} ms with one that lingered")
    assert again < first


def test_a_stranger_at_the_socket_gets_nothing(lingering, fresh_user):
    """Whoever connects and says nothing, or nonsense, does not keep the next server from its sandbox."""
    first = lingering()
    first.bash("echo kept > /tmp/kept.txt")
    ended(first)
    [place] = listening_sockets(only_holder(fresh_user))
    for words in (b"", b"x", b"t", b"tx"):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(place))
            stranger.sendall(words)
    assert lingering().bash("cat /tmp/kept.txt")["stdout"] == "kept\n"


def test_the_proxy_lets_go_of_its_clients_and_serves_those_that_come_meanwhile(lingering):
    """No connection leaves the sandbox: the host that is asked for is not allowed."""
    options = ("--allow-host", "allowed.example:443")
    program = """
import socket
proxy = ("127.0.0.1", 3128)
before = socket.create_connection(proxy)
open("/tmp/open", "w").close()
assert before.recv(1) == b""
meanwhile = socket.create_connection(proxy)
meanwhile.sendall(b"CONNECT other.example:443 HTTP/1.1\\r\\n\\r\\n")
open("/tmp/answer", "wb").write(meanwhile.recv(12))
"""
    first = lingering(*options)
    first.bash(f"cat > /tmp/client.py <<'END'\n{program}END\nnohup python3 /tmp/client.py > /tmp/log 2>&1 &")
    first.bash("until [ -e /tmp/open ]; do sleep 0.02; done")
    ended(first)
    second = lingering(*options)
    result = second.bash("until [ -s /tmp/answer ] || [ -s /tmp/log ]; do sleep 0.05; done; cat /tmp/answer /tmp/log")
    assert result["stdout"] == "HTTP/1.1 403"
