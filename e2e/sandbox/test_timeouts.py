"""Timeouts: what was printed is kept, and every process of the command ends, however it detached."""

import secrets

import pytest
from support import engine, jobs

DAEMON = """
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", sys.argv[1]])
    os._exit(0)
"""
DETACHED = {
    "setsid nohup": "setsid nohup {sleep} & {sleep}",
    "double fork": "((setsid {sleep} &) &); {sleep}",
    "cleared environment": "env -i setsid {sleep} & {sleep}",
    "closed descriptors": "setsid {sleep} <&- >&- 2>&- & {sleep}",
    "disowned": "{sleep} & disown; {sleep}",
    "daemon in Python": "python3 -c '{daemon}' {n}; {sleep}",
    "always more": "while true; do setsid {sleep} & sleep 0.05; done",
    "ignores SIGTERM": "trap '' TERM; {sleep} & {sleep}; {sleep}",
    "ignores SIGTERM, detached": "(trap '' TERM; setsid {sleep}) & {sleep}",
    "stopped": "{sleep} & kill -STOP $!; kill -STOP $$",
    "in the foreground of a pipe": "{sleep} | {sleep} | cat",
}


def unique_sleep() -> tuple[int, str]:
    seconds = secrets.randbelow(80_000) + 10_000
    return seconds, f"sleep {seconds}"


@pytest.fixture(scope="module", autouse=True)
def call_without_timeout(client):
    """Runs into the default timeout of 30 seconds while the other tests of this module go on."""
    return client.start_tool("execute_bash", command="echo patience; sleep 1000")


@pytest.fixture(scope="module")
def detached_calls(client):
    """All the ways to detach at once, each with the sleep that only it started."""
    calls = {}
    for way, script in DETACHED.items():
        seconds, sleep = unique_sleep()
        command = script.format(sleep=sleep, n=seconds, daemon=DAEMON)
        calls[way] = sleep, client.start_tool("execute_bash", command=command, timeout=3)
    return calls


@pytest.mark.parametrize("way", DETACHED)
def test_a_timeout_ends_every_process_of_the_command(client, user, detached_calls, way):
    sleep, call = detached_calls[way]
    assert client.result(call)["structuredContent"]["timed_out"] is True
    container = engine.only_container(user)
    elapsed = engine.poll(lambda: engine.running(container, sleep) == 0)
    assert elapsed is not None, engine.processes(container)
    print(f"{way}: nothing left {elapsed:.2f} s after the answer")
    assert client.bash("echo next")["stdout"] == "next\n"


def test_what_was_printed_before_a_timeout_is_kept(client):
    result = client.call_tool("execute_bash", command="echo before; echo problem >&2; sleep 1000", timeout=5)
    assert not result.get("isError")
    outcome = result["structuredContent"]
    assert outcome["exit_code"] == -1
    assert outcome["timed_out"] is True
    assert outcome["stdout"] == "before\n"
    assert outcome["stderr"].startswith("problem\n")
    assert outcome["stderr"].rstrip("\n").endswith("Command timed out after 5 seconds")
    assert "truncated" not in outcome


def test_unfinished_lines_are_kept_and_the_notice_has_a_line_of_its_own(client):
    outcome = client.bash("printf unfinished; printf 'also unfinished' >&2; sleep 1000", timeout=5)
    assert outcome["stdout"] == "unfinished"
    assert outcome["stderr"].splitlines() == ["also unfinished", "Command timed out after 5 seconds"]


def test_sigterm_comes_first_so_that_a_program_can_tidy_up(client):
    outcome = client.bash("trap 'echo tidied up; exit 3' TERM; sleep 1000 & wait", timeout=5)
    assert outcome["exit_code"] == -1
    assert outcome["stdout"] == "tidied up\n"


def test_a_timeout_spares_what_other_calls_started(client, user):
    _, background = unique_sleep()
    _, sibling = unique_sleep()
    client.bash(jobs.start(background))
    command = f"{sibling} & until [ -e go ]; do sleep 0.05; done; echo finished"
    concurrent = client.start_tool("execute_bash", command=command, timeout=120)
    assert client.bash("sleep 1000", timeout=2)["timed_out"] is True
    container = engine.only_container(user)
    assert engine.running(container, background) == 1
    assert engine.poll(lambda: engine.running(container, sibling) == 1) is not None
    client.bash("touch go")
    assert client.result(concurrent)["structuredContent"]["stdout"] == "finished\n"
    client.bash(f"pkill -f '^{background}$'; pkill -f '^{sibling}$'")


def test_a_command_that_ends_in_time_is_not_timed_out(client):
    assert client.bash("sleep 1; echo in time", timeout=20) == {"exit_code": 0, "stdout": "in time\n", "stderr": ""}


def test_a_flood_of_output_does_not_outrun_the_timeout(client):
    outcome = client.bash("yes", timeout=5)
    assert outcome["timed_out"] is True
    assert outcome["stdout"].startswith("y\ny\n")
    assert client.bash("echo next")["stdout"] == "next\n"


def test_no_shell_lives_to_tell_that_its_command_was_ended(client):
    """The order in which they hear of it must not hang on the numbers that processes happen to have."""
    calls = [client.start_tool("execute_bash", command="sleep 1000", timeout=1) for _ in range(12)]
    told = {client.result(call)["structuredContent"]["stderr"].rstrip("\n") for call in calls}
    assert told == {"Command timed out after 1 seconds"}


def test_the_longest_timeout_can_be_set(start_server):
    server = start_server("--max-timeout", "7")
    refused = server.call_tool("execute_bash", command="true", timeout=8)
    assert refused["isError"] is True
    assert "7" in refused["content"][0]["text"]
    assert server.bash("echo at the limit", timeout=7)["stdout"] == "at the limit\n"
    assert server.bash("echo by default")["stdout"] == "by default\n"


def test_the_default_timeout_is_30_seconds(client, call_without_timeout):
    outcome = client.result(call_without_timeout)["structuredContent"]
    assert outcome["exit_code"] == -1
    assert outcome["stdout"] == "patience\n"
    assert outcome["stderr"].rstrip("\n") == "Command timed out after 30 seconds"
