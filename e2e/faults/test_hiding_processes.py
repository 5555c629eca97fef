"""Whatever ends a command ends every process of it: those that hide, and those that are quicker than a look at them."""

import pytest
from support import engine, outrunners
from support.outrunners import KINDS

pytestmark = pytest.mark.alone

# Takes all the room there is for processes, and ends.
CROWD = """
python3 -c 'import os, time
try:
    while os.fork(): pass
    os.setsid()
    time.sleep(1000)
except OSError: pass' > /dev/null 2>&1
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return outrunners.build(tmp_path_factory.mktemp("outrunners"))


@pytest.fixture
def limit():
    """So large that what others take of the same disk is never put down to processes that hide what they hold."""
    return "100g"


@pytest.fixture
def server(start_server, fresh_user, program, limit):
    """Has the program in its sandbox, and serves the same sandbox in the end, with no outrunner left in it."""
    server = start_server("--user", fresh_user, "--workspace-limit", limit, "--pids", "128")
    outrunners.bring(server, program)
    container = engine.only_container(fresh_user)
    yield server
    assert server.bash("echo served")["stdout"] == "served\n"
    assert engine.only_container(fresh_user) == container
    left = engine.poll(lambda: not any("outrunners" in line for line in engine.processes(container)))
    assert left is not None, engine.processes(container)


def growing_file(kind):
    return f"/tmp/grows-{kind}"


def start_all(server, then, timeout):
    """A command for each kind, which has one started and goes on. Returns the calls by kind."""
    calls = {
        kind: server.start_tool(
            "execute_bash", command=f"{outrunners.command(kind, growing_file(kind))}\n{then}", timeout=timeout
        )
        for kind in KINDS
    }
    files = " ".join(map(growing_file, KINDS))
    started = server.bash(f"for file in {files}; do until [ -s $file ]; do sleep 0.01; done; done", timeout=30)
    assert started["exit_code"] == 0, started
    return calls


def growing(server, kinds=KINDS):
    return outrunners.growing(server, [growing_file(kind) for kind in kinds])


def test_a_timeout_ends_all_of_them_before_it_is_answered(server):
    for kind, call in start_all(server, "sleep 1000", timeout=10).items():
        outcome = server.result(call)["structuredContent"]
        assert outcome.get("timed_out") is True, f"{kind}: {outcome['stderr']}"
    assert growing(server) == []


def test_a_cancellation_ends_all_of_them(server):
    for call in start_all(server, "sleep 1000", timeout=300).values():
        server.notify("notifications/cancelled", {"requestId": call.id})
    assert engine.poll(lambda: growing(server) == []) is not None, growing(server)


@pytest.mark.parametrize("limit", ["64m"])
def test_a_full_workspace_ends_all_of_them(server, limit):
    calls = start_all(server, "true", timeout=30)
    for kind, call in calls.items():
        assert server.result(call)["structuredContent"]["exit_code"] == 0, kind
    outcome = server.bash("trap '' TERM; head -c 3G /dev/zero > /workspace/big; echo not reached", timeout=60)
    assert "not reached" not in outcome["stdout"]
    assert "workspace limit" in outcome["stderr"]
    assert engine.poll(lambda: growing(server) == []) is not None, growing(server)
    server.bash("rm -f /workspace/big")


@pytest.mark.parametrize("kind", KINDS)
def test_a_runaway_is_ended_with_what_hides_in_it(server, kind):
    begun = f"until [ -s {growing_file(kind)} ]; do sleep 0.01; done"
    server.bash(f"{outrunners.command(kind, growing_file(kind))}\n{begun}\n{CROWD}", timeout=60)
    assert server.bash("echo room again")["stdout"] == "room again\n"
    assert engine.poll(lambda: growing(server, [kind]) == []) is not None


def test_a_command_beside_them_goes_on(server):
    command = "sleep 1000 & until [ -e /tmp/go ]; do sleep 0.05; done; kill $! && echo went on"
    beside = server.start_tool("execute_bash", command=command, timeout=120)
    for call in start_all(server, "sleep 1000", timeout=10).values():
        assert server.result(call)["structuredContent"]["timed_out"] is True
    server.bash("touch /tmp/go")
    assert server.result(beside)["structuredContent"]["stdout"] == "went on\n"
