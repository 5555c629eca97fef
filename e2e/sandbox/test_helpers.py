"""The sandbox's own processes: nobody takes them for a program in Python, and who ends one ends one command."""

import pytest
from support import engine

ENDINGS = (
    "pkill -9 python3",
    "pkill python",
    "pkill -9 -f python",
    "kill -9 $(pgrep python3)",
    "kill -9 $(pgrep -f 'python3 -c')",
    "kill -9 $(ps aux | grep '[p]ython' | awk '{print $2}')",
    "kill -9 $(pidof python3)",
    "for p in /proc/[0-9]*; do grep -q '^python' $p/comm && kill -9 ${p#/proc/}; done",
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_ends_python_ends_their_own_and_nothing_else(client, user, ending):
    client.bash("true")
    container = engine.only_container(user)
    program = "python3 -c 'import time; time.sleep(1000)'"
    begin = f"sleep 1000 > /dev/null 2>&1 & {program} > /dev/null 2>&1 & echo $!; until pgrep -x python3; do :; done"
    job = client.bash(begin)["stdout"].split()[0]
    beside = client.start_tool("execute_bash", command="until [ -e /tmp/go ]; do sleep 0.02; done; rm /tmp/go; echo on")
    outcome = client.bash(f"echo before; {ending} 2> /dev/null; echo after")
    assert outcome["stdout"] == "before\nafter\n"
    # It is a process until it is reaped.
    gone = f"while kill -0 {job} 2> /dev/null; do sleep 0.01; done; echo ended"
    assert client.bash(gone)["stdout"] == "ended\n"
    assert client.bash("touch /tmp/go; pgrep -x sleep > /dev/null && echo lives")["stdout"] == "lives\n"
    assert client.result(beside)["structuredContent"] == {"exit_code": 0, "stdout": "on\n", "stderr": ""}
    assert engine.only_container(user) == container
    client.bash("pkill -x sleep")


@pytest.mark.parametrize("length", [0, 1024, 5_000, 200_000])
def test_a_command_is_not_on_its_own_shells_command_line(client, length):
    """A program is ended by a word of its command line, in a command of any length that holds the same word."""
    started = "until grep -q '^nameless-server' /proc/$!/cmdline; do sleep 0.02; done"
    client.bash(f"bash -c 'exec -a nameless-server sleep 1000' > /dev/null 2>&1 & {started}")
    assert client.bash(f"pkill -f nameless-serve[r]; echo $?; pkill -f nameless-server; echo $? # {'x' * length}")[
        "stdout"
    ].startswith("0\n")


@pytest.mark.parametrize("length", [0, 1024, 5_000, 200_000])
def test_commands_of_every_length_look_the_same_from_inside(client, length):
    filling = f"# {'ü' * (length // 2)}\n"
    outcome = client.bash(f'echo "$_ $0 $-"; set -x; echo ä; exit 3\n{filling}')
    assert outcome["exit_code"] == 3
    assert outcome["stdout"] == "/bin/bash /bin/bash hBc\nä\n"
    assert outcome["stderr"] == "++ echo ä\n++ exit 3\n"


def test_who_kills_a_helper_ends_the_command_of_that_one_alone(client, user):
    client.bash("sleep 1000 > /dev/null 2>&1 &")
    beside = client.start_tool("execute_bash", command="until [ -e /tmp/go ]; do sleep 0.02; done; rm /tmp/go; echo on")
    outcome = client.bash("setsid sleep 2000 > /dev/null 2>&1 & kill -9 $PPID; sleep 1000", timeout=60)
    assert outcome["exit_code"] == 137
    assert "ended from inside the sandbox" in outcome["stderr"]
    container = engine.only_container(user)
    assert engine.poll(lambda: engine.running(container, "sleep 2000") == 0) is not None
    # That of the ended command is gone as well.
    assert engine.poll(lambda: engine.running(container, "sleep 1000") == 1) is not None
    client.bash("touch /tmp/go")
    assert client.result(beside)["structuredContent"]["stdout"] == "on\n"
    client.bash("pkill -x sleep")


def test_a_sandbox_whose_processes_are_all_killed_serves_the_next_command(client, user):
    client.bash("true")
    container = engine.only_container(user)
    assert client.bash("kill -9 -1; sleep 1000", timeout=60)["exit_code"] == 137
    assert client.bash("echo served")["stdout"] == "served\n"
    assert engine.only_container(user) == container
