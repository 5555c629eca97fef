"""Limits bite: a greedy command ends, and the same sandbox serves the next one."""

import pytest
from support import engine

HOG = """
import time
memory = bytearray(400_000_000)
for page in range(0, len(memory), 4096):
    memory[page] = 1
time.sleep(5)
"""


@pytest.fixture
def same_sandbox(client, user):
    """The container that a test began with is there when it is over."""
    client.bash("true")
    before = engine.only_container(user)
    yield before
    assert client.bash("echo served")["stdout"] == "served\n"
    assert engine.only_container(user) == before


def test_an_allocation_over_the_limit_kills_that_command(client, same_sandbox):
    outcome = client.python("x = bytearray(b'x' * 3_000_000_000)", timeout=300)
    assert outcome["exit_code"] == 137


def test_many_processes_over_the_limit_together_are_stopped(client, same_sandbox):
    hog = f"python3 -c '{HOG}'"
    outcome = client.bash(" & ".join([hog] * 5) + " & wait; echo survived", timeout=60)
    assert outcome["stdout"] in ("", "survived\n")


def test_other_calls_survive_one_that_runs_out_of_memory(client, same_sandbox):
    calm = client.start_tool("execute_bash", command="sleep 5; echo calm")
    assert client.python("x = bytearray(b'x' * 3_000_000_000)", timeout=300)["exit_code"] == 137
    assert client.result(calm)["structuredContent"]["stdout"] == "calm\n"


def test_more_processes_than_allowed_are_refused(client, same_sandbox):
    program = """
import os, time
children = 0
try:
    for _ in range(1000):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        children += 1
except OSError as error:
    print(error.strerror)
print(50 < children < 256)
"""
    outcome = client.python(program + "os.killpg(0, 15)", timeout=60)
    assert outcome["stdout"].splitlines()[:1] in ([], ["Resource temporarily unavailable"])
    assert engine.poll(lambda: len(engine.processes(same_sandbox)) < 50) is not None


@pytest.mark.alone
@pytest.mark.parametrize("bomb", [":(){ :|:& };:", ":(){ :|:& };:; sleep 300", "b() { b | b & b; }; b"])
def test_a_fork_bomb_ends_with_its_call(client, same_sandbox, bomb):
    client.call_tool("execute_bash", command=bomb, timeout=3)
    assert client.bash("echo defused", timeout=60)["stdout"] == "defused\n"
    elapsed = engine.poll(lambda: len(engine.processes(same_sandbox)) < 20)
    assert elapsed is not None, f"{len(engine.processes(same_sandbox))} processes are left"
    print(f"defused after {elapsed:.2f} s")


def test_tmp_is_bounded(client, same_sandbox):
    outcome = client.bash("head -c 5G /dev/zero > /tmp/ballast; echo $?; rm -f /tmp/ballast", timeout=120)
    assert outcome["stdout"] != "0\n"


@pytest.mark.alone
def test_a_busy_loop_does_not_starve_the_sandbox(client, same_sandbox):
    client.start_tool("execute_bash", command="for i in 1 2 3 4; do (while :; do :; done) & done; wait", timeout=5)
    for number in range(5):
        assert client.bash(f"echo {number}")["stdout"] == f"{number}\n"


def test_a_command_that_fills_the_workspace_is_stopped(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace-limit", "64m")
    outcome = server.bash("head -c 20G /dev/zero > big; echo not reached", timeout=120)
    assert outcome["exit_code"] != 0
    assert "not reached" not in outcome["stdout"]
    assert "workspace" in outcome["stderr"].lower()
    assert server.bash("rm -f big; echo freed") == {"exit_code": 0, "stdout": "freed\n", "stderr": ""}
    assert server.bash("head -c 1M /dev/zero > small; stat -c %s small")["stdout"] == "1048576\n"
