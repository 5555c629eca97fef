"""A sandbox in which background processes live is not idle, and whoever loses one is told with the next result."""

import json
import secrets

import pytest
from support import engine
from support.stdio_client import text_of

ENDLESS = {
    "a job": "nohup sleep 600 > /dev/null 2>&1 &",
    "a job in a session of its own": "setsid nohup sleep 600 > /dev/null 2>&1 &",
    "a job whose parents have gone": "(setsid sh -c 'sleep 600 & sleep 600 &' > /dev/null 2>&1 &)",
    "a job that holds the output": "sleep 600 & echo started",
}
NEW = "this is a new sandbox"
# Long enough for a second call that still finds the same sandbox, also on a busy machine.
SHORT = "4"


@pytest.mark.parametrize("command", ENDLESS.values(), ids=ENDLESS)
def test_background_processes_keep_a_sandbox(start_server, fresh_user, passing_users, command):
    server = start_server("--user", fresh_user, "--idle-timeout", "1")
    idle = f"{fresh_user}.idle"
    passing_users.append(idle)
    server.bash(command)
    container = engine.only_container(fresh_user)
    # Another is stopped for being idle meanwhile, whose last call came later.
    server.bash("true", meta={"x-user-id": idle})
    engine.wait_until_gone(idle)
    assert engine.only_container(fresh_user) == container
    assert server.bash("pkill sleep; echo fine") == {"exit_code": 0, "stdout": "fine\n", "stderr": ""}
    engine.wait_until_gone(fresh_user)


def test_a_job_that_has_ended_keeps_nothing(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--idle-timeout", "1")
    server.bash("(sleep 3; echo done > done.txt) > /dev/null 2>&1 &")
    engine.wait_until_gone(fresh_user)
    result = server.bash("cat done.txt")
    assert result["stdout"] == "done\n"
    assert "idle for 1 seconds" in result["stderr"]


def test_many_short_jobs_are_no_flood(client, user):
    before = client.bash("echo")
    container = engine.only_container(user)
    for _ in range(60):
        assert client.bash("sleep 0.005 > /dev/null 2>&1 &") == {**before, "stdout": ""}
    assert engine.only_container(user) == container


def test_whoever_lost_a_sandbox_is_told_once(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--idle-timeout", SHORT)
    server.bash("echo kept > kept.txt; echo gone > /tmp/gone.txt")
    engine.wait_until_gone(fresh_user)
    result = server.call_tool("execute_bash", command="cat kept.txt /tmp/gone.txt; echo said >&2")
    told = result["structuredContent"]
    assert told["stdout"] == "kept\n"
    assert told["stderr"].splitlines()[1] == "said"
    assert NEW in told["stderr"].splitlines()[2]
    assert f"was stopped (idle for {SHORT} seconds), at 20" in told["stderr"]
    assert "/workspace and /artifacts are still there" in told["stderr"]
    assert json.loads(result["content"][0]["text"]) == told
    assert server.bash("true") == {"exit_code": 0, "stdout": "", "stderr": ""}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read_file", {"file_path": "a.txt"}),
        ("write_file", {"file_path": "b.txt", "content": "b"}),
    ],
)
def test_other_tools_tell_in_a_block_of_their_own(start_server, fresh_user, tool, arguments):
    server = start_server("--user", fresh_user, "--idle-timeout", SHORT)
    server.bash("echo a > a.txt")
    engine.wait_until_gone(fresh_user)
    result = server.call_tool(tool, **arguments)
    assert not result.get("isError"), result
    assert len(result["content"]) == 2
    assert NEW not in result["content"][0]["text"]
    assert NEW in result["content"][1]["text"]
    assert len(server.call_tool(tool, **arguments)["content"]) == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read_file", {"file_path": "/tmp/gone.txt"}),
        ("read_docstring", {"file_path": "/tmp/gone.py", "function_name": "f"}),
        ("write_file", {"file_path": "/tmp", "content": "x"}),
    ],
)
def test_a_failure_tells_of_the_loss_that_may_have_caused_it(start_server, fresh_user, tool, arguments):
    server = start_server("--user", fresh_user, "--idle-timeout", SHORT)
    server.bash("echo x > /tmp/gone.txt")
    engine.wait_until_gone(fresh_user)
    result = server.call_tool(tool, **arguments)
    assert result["isError"] is True
    assert NEW in result["content"][1]["text"]
    assert server.bash("true")["stderr"] == ""


def test_a_first_sandbox_says_nothing(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    assert server.bash("echo") == {"exit_code": 0, "stdout": "\n", "stderr": ""}


def test_files_in_memory_are_not_said_to_be_there(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--idle-timeout", "1", "--workspace", "ephemeral")
    server.bash("true")
    engine.wait_until_gone(fresh_user)
    told = server.bash("true")["stderr"]
    assert NEW in told
    assert "still there" not in told


def test_the_bound_on_jobs_is_kept_and_told(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--idle-timeout", "1", "--job-timeout", "2")
    server.bash("nohup sleep 600 > /dev/null 2>&1 &")
    engine.wait_until_gone(fresh_user)
    told = server.bash("pgrep sleep")["stderr"]
    assert "no call for 2 seconds, though background processes ran" in told


def test_another_users_need_takes_a_sandbox_without_jobs_first(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user, "--max-sandboxes", "2")
    busy, idle, other = people = [f"{fresh_user}.{name}" for name in ("busy", "idle", "other")]
    passing_users += people
    server.bash("nohup sleep 600 > /dev/null 2>&1 &", meta={"x-user-id": busy})
    server.bash("true", meta={"x-user-id": idle})  # later than the other one
    server.bash("true", meta={"x-user-id": other})
    engine.wait_until_gone(idle)
    assert len(engine.containers(busy)) == 1
    # Where all the others have jobs as well, it is their turn, and they are told.
    server.bash("nohup sleep 600 > /dev/null 2>&1 &", meta={"x-user-id": other})
    assert "another user needs its place" in server.bash("true", meta={"x-user-id": idle})["stderr"]
    engine.wait_until_gone(busy)
    assert "another user needs its place" in server.bash("pgrep sleep", meta={"x-user-id": busy})["stderr"]


def test_a_sandbox_that_is_lost_between_calls_is_told_of(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--log-level", "debug")
    server.bash("nohup sleep 600 > /dev/null 2>&1 &")
    before = engine.only_container(fresh_user)
    engine.run("kill", before)
    server.wait_for_log(" ended: ")
    told = server.bash("true")["stderr"]
    assert NEW in told
    assert "ended unexpectedly (exit status 137" in told
    assert server.bash("true")["stderr"] == ""


def test_a_call_that_heard_of_the_end_is_not_told_again(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    token = secrets.token_hex(4)
    call = server.start_tool("execute_bash", command=f"touch {token}; sleep 600", timeout=600)
    server.bash(f"until [ -e {token} ]; do sleep 0.02; done")
    engine.run("kill", engine.only_container(fresh_user))
    assert "sandbox ended during the call" in text_of(server.result(call))
    assert server.bash("true") == {"exit_code": 0, "stdout": "", "stderr": ""}
