"""`py`: sessions that are interrupted, that end, and that wait for each other."""

from __future__ import annotations

import itertools

import pytest
from support import engine
from support.py_sessions import PySession

NUMBERS = itertools.count(1)
STARTED = "open('started', 'w').close()"
WAIT = f"import time\n{STARTED}\ntime.sleep(600)"


@pytest.fixture
def session(client):
    one = PySession(client, f"e{next(NUMBERS)}")
    one.run("kept = 5")
    yield one
    one.close()


def assert_kept(session: PySession) -> None:
    assert session.value("kept") == "5"


def assert_new(session: PySession, why: str) -> None:
    """Whether the next call says, once, that the variables are lost, and why."""
    result = session.run("1")
    assert (result["exit_code"], result["stdout"]) == (0, "1\n")
    assert f"py: session '{session.name}' {why}. This is a new one; lost: 1 variable (kept)" in result["stderr"]
    assert session.run("1")["stderr"] == ""
    assert session.run("kept")["exit_code"] == 1


# Interrupts


@pytest.mark.parametrize("number", ["TERM", "INT"])
def test_a_signal_interrupts_the_code_which_shows_where_it_was(session, number):
    if number == "INT":
        # A shell has its background commands ignore this one.
        command = f"from subprocess import *; p = Popen(['py', '-s', '{session.name}', '-c', {WAIT!r}])"
        program = f"{command}\nimport os, time\nwhile not os.path.exists('started'): time.sleep(0.02)\np.send_signal(2)"
        session.client.bash("rm -f started")
        result = session.client.bash(f"python3 - <<'EOF'\n{program}\nraise SystemExit(p.wait())\nEOF", timeout=120)
    else:
        result = session.signalled(WAIT)
    assert result["exit_code"] == 130
    assert "line 3, in <module>\n" in result["stderr"] and result["stderr"].endswith("KeyboardInterrupt\n")
    assert_kept(session)


def test_awaited_code_is_interrupted_where_it_waits(session):
    code = "async def wait():\n    await asyncio.sleep(600)\nawait wait()"
    result = session.signalled(f"import asyncio\n{STARTED}\n{code}")
    assert result["exit_code"] == 130
    assert "line 4, in wait" in result["stderr"] and result["stderr"].endswith("KeyboardInterrupt\n")
    assert_kept(session)


def test_a_timeout_interrupts_and_the_variables_survive(session):
    result = session.run("import time\ntime.sleep(600)", timeout=3)
    assert result["timed_out"] is True
    assert_kept(session)


def test_a_cancelled_call_interrupts_and_the_variables_survive(client, session):
    client.bash("rm -f started")
    pending = client.start_tool("execute_bash", command=f"{session.command} <<'EOF'\n{WAIT}\nEOF", timeout=300)
    client.bash("until [ -e started ]; do sleep 0.02; done", timeout=120)
    client.notify("notifications/cancelled", {"requestId": pending.id})
    assert_kept(session)


def test_a_py_that_is_killed_interrupts_its_code(session):
    assert session.signalled(WAIT, "KILL")["exit_code"] == 137
    assert_kept(session)


def test_an_interrupt_ends_the_processes_that_the_code_has_started(client, session, user):
    session.value("import subprocess\nearlier = subprocess.Popen(['sleep', '70001'])")
    code = "subprocess.Popen(['setsid', 'sleep', '70002']); subprocess.Popen('trap \"\" INT; sleep 70003', shell=True)"
    until_both = "while os.system('pgrep -fx \"sleep 7000[23]\" -c | grep -qx 2'): pass"
    session.signalled(f"{code}\nimport os\n{until_both}\n{WAIT}")
    assert_kept(session)
    container = engine.only_container(user)
    assert engine.poll(lambda: engine.running(container, "sleep 70002") + engine.running(container, "sleep 70003") == 0)
    assert engine.running(container, "sleep 70001") == 1


def test_code_that_does_not_listen_ends_the_session(session):
    deaf = f"{STARTED}\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass"
    result = session.signalled(deaf)
    assert f"py: session '{session.name}' was ended: it did not stop within 5 seconds" in result["stderr"]
    assert result["exit_code"] == 137
    assert_new(session, "was ended: it did not stop within 5 seconds of an interrupt")


def test_code_that_never_returns_from_c_ends_the_session(session):
    result = session.signalled(f"import re\n{STARTED}\nre.match('(a+)+$', 'a' * 60 + 'b')")
    assert result["exit_code"] in (130, 137)


# Ends


def test_a_crash_shows_where_it_was_and_the_next_call_says_so(session):
    result = session.run("import ctypes\nctypes.string_at(0)")
    assert result["exit_code"] == 139
    assert "Fatal Python error: Segmentation fault" in result["stderr"]
    assert f'File "<py {session.name} 2>", line 2 in <module>' in result["stderr"]
    assert_new(session, "was killed by SIGSEGV")


def test_an_exit_of_the_process_itself_is_the_exit_code(session):
    result = session.run("import os\nos._exit(9)")
    assert (result["exit_code"], result["stdout"]) == (9, "")
    assert_new(session, "has exited with 9")


def test_a_session_that_somebody_kills_is_said_to_be_new(client, session):
    pid = session.value("import os; os.getpid()")
    client.bash(f"kill -9 {pid}; until ! [ -e /proc/{pid} ]; do sleep 0.02; done")
    assert_new(session, "was killed by SIGKILL")


def test_code_that_closes_the_sessions_socket_ends_the_session(session):
    result = session.run("import os, time\nos.closerange(3, 1000)\ntime.sleep(600)", timeout=120)
    assert "its code has closed the socket to the sandbox" in result["stderr"]
    assert_new(session, "was ended: its code has closed the socket to the sandbox")


def test_closing_ends_code_that_runs(client, session):
    client.bash("rm -f started")
    command = f"{session.command} <<'EOF' &\n{WAIT}\nEOF\nuntil [ -e started ]; do sleep 0.02; done"
    result = client.bash(f"{command}\n{session.command} --close; wait $!; echo $?", timeout=120)
    assert result["stdout"] == "137\n"
    assert f"session '{session.name}' was closed, and its variables are lost" in result["stderr"]
    assert f"session '{session.name}' is closed; 1 variable (kept) are gone" in result["stderr"]


# Several at once


def test_sessions_do_not_wait_for_each_other(client, session):
    other = PySession(client, session.name + "b")
    waiting = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\n'went'"
    first = f"rm -f go; {session.command} <<'EOF' &\n{waiting}\nEOF\n"
    command = f'{first}{other.command} -c \'open("go", "w");\'; wait'
    assert client.bash(command, timeout=120) == {"exit_code": 0, "stdout": "'went'\n", "stderr": ""}
    other.close()


def test_calls_of_one_session_take_turns(client, session):
    session.value("seen = []")
    calls = "".join(
        f"{session.command} --wait 600 -c 'import time; seen.append({n}); time.sleep(0.05); seen.append({n});' &\n"
        for n in range(5)
    )
    assert client.bash(f"{calls}wait", timeout=120)["exit_code"] == 0
    seen = session.value("seen[::2] == seen[1::2], sorted(seen[::2])")
    assert seen == "(True, [0, 1, 2, 3, 4])"


def test_a_turn_that_does_not_come_is_not_waited_for(client, session):
    client.bash("rm -f started go")
    busy = f"import os, time\n{STARTED}\nwhile not os.path.exists('go'): time.sleep(0.02)"
    command = f"{session.command} <<'EOF' &\n{busy}\nEOF\nuntil [ -e started ]; do sleep 0.02; done"
    result = client.bash(f"{command}\n{session.command} --wait 0.2 -c 1; echo $?; touch go; wait", timeout=120)
    assert result["stdout"] == "75\n"
    assert f"py: session '{session.name}' has been in use for " in result["stderr"]
    assert "wait, or use another: py -s NAME" in result["stderr"]


def test_a_session_does_not_wait_for_itself(session):
    result = session.run(f"import os\nos.system('{session.command} -c 1; echo $?');")
    assert result["stdout"] == "75\n"
    assert f"session '{session.name}' runs this command itself" in result["stderr"]


def test_code_of_one_session_may_use_another(client, session):
    other = PySession(client, session.name + "b")
    assert session.value(f"import os\nos.system('{other.command} -c 6*7');") == "42"
    other.close()


def test_there_are_at_most_eight(client):
    sessions = [PySession(client, f"many{n}") for n in range(9)]
    client.bash("py --list | tail -n +2 | while read -r name _; do py -s $name --close; done", timeout=120)
    results = [session.run("1", timeout=120) for session in sessions]
    for session in sessions:
        session.close()
    assert [result["exit_code"] for result in results] == [0] * 8 + [75]
    assert "there are 8 sessions, which is the limit: many0, " in results[8]["stderr"]
    assert "End one: py -s many0 --close" in results[8]["stderr"]
