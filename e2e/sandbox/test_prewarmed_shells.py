"""Prewarmed shells: how many there are, and what happens if code in the sandbox ends them."""

import pytest
from support import engine

pytestmark = pytest.mark.alone

# In the command line of each prewarmed shell, which keeps it once it runs a command.
PREWARMED = "BASH_EXECUTION_STRING"


def prewarmed_shells(user: str) -> int:
    return sum(PREWARMED in process for process in engine.processes(engine.only_container(user)))


@pytest.mark.parametrize(("arguments", "expected"), [((), 6), (("--pids", "64"), 2)], ids=["usual", "few processes"])
def test_an_idle_sandbox_keeps_a_fixed_number_of_prewarmed_shells(start_server, fresh_user, arguments, expected):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral", *arguments)
    server.bash("true")
    assert engine.poll(lambda: prewarmed_shells(fresh_user) >= expected) is not None
    for number in range(10):
        assert server.bash(f"echo {number}")["stdout"] == f"{number}\n"
    # One more if a call took so long that another shell was prewarmed meanwhile.
    assert engine.poll(lambda: prewarmed_shells(fresh_user) in (expected, expected + 1)) is not None


def test_calls_find_a_prewarmed_shell_while_another_command_runs(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    long = server.start_tool("execute_bash", command="until [ -e done ]; do sleep 0.05; done")
    server.bash("true")
    # The shell that runs the long command was prewarmed too and keeps its command line.
    assert engine.poll(lambda: prewarmed_shells(fresh_user) >= 6 + 1) is not None
    server.bash("touch done")
    assert server.result(long)["structuredContent"]["exit_code"] == 0


@pytest.mark.parametrize("signal", ["TERM", "KILL", "STOP", "TSTP"])
def test_commands_run_after_every_prewarmed_shell_received_a_signal(start_server, fresh_user, signal):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    server.bash("true")
    assert engine.poll(lambda: prewarmed_shells(fresh_user) >= 6) is not None
    others = f"for id in $(pgrep -f {PREWARMED}); do [ $id = $$ ] || kill -{signal} $id; done"
    assert server.bash(others)["exit_code"] == 0
    for number in range(8):
        assert server.bash(f"echo {number}", timeout=60)["stdout"] == f"{number}\n"


def test_a_command_that_stops_itself_stays_stopped(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    result = server.bash("exec 9</dev/null; kill -STOP $$; echo unexpected", timeout=1)
    assert (result["timed_out"], result["stdout"]) == (True, "")


def test_code_that_keeps_ending_prewarmed_shells_does_not_keep_the_guest_busy(start_server, fresh_user):
    """Process ids are assigned in order, so their difference is the number of processes started."""
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    program = """
import os, time
def shells():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{name}/cmdline", "rb").read().split(b"\\0")
            if words[2].startswith(b"IFS=") and int(name) != os.getppid():
                yield int(name)
        except (OSError, IndexError):
            pass
def newest():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
before, rounds, end = newest(), 0, time.monotonic() + 2
while time.monotonic() < end or rounds < 20:
    for shell in shells():
        os.kill(shell, 9)
    rounds += 1
    time.sleep(0.005)
print(newest() - before - 1)
"""
    started = int(server.python(program)["stdout"])
    print(f"{started} processes were started")
    assert started <= 16
