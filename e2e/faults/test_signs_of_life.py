"""Server and sandbox notice that the other end is gone although the channel is open, and don't take one for gone that
only stands still. The interval is two seconds here, so either is given up after eight.
"""

import os
import shlex
import signal
import time

import pytest
from support import engine
from support.in_between import engine_with_hostile_guest, write_engine
from support.stdio_client import text_of

BEAT = ("--heartbeat", "2")
# Longer than either end waits for the other.
STANDSTILL = 18.0


def guest_process(user: str) -> int:
    return engine.inspect(engine.only_container(user))["State"]["Pid"]


@pytest.mark.parametrize("means", ["stopped", "paused"])
def test_a_sandbox_that_somebody_has_stopped_is_kept(start_server, fresh_user, means):
    server = start_server("--user", fresh_user, *BEAT)
    server.bash("sleep 1000 & echo up > /tmp/up.txt")
    container = engine.only_container(fresh_user)
    guest = guest_process(fresh_user)
    if means == "stopped":
        os.kill(guest, signal.SIGSTOP)
    else:
        # With version 1 of control groups the engine sometimes can't at once.
        assert engine.poll(lambda: engine.run("pause", container, check=False)) is not None
    try:
        server.wait_for_log("gives no sign of life: somebody has paused or stopped it")
    finally:
        if means == "stopped":
            os.kill(guest, signal.SIGCONT)
        else:
            engine.run("unpause", container)
    assert server.bash("cat /tmp/up.txt; pgrep -c sleep")["stdout"] == "up\n1\n"
    assert engine.only_container(fresh_user) == container


@pytest.mark.parametrize("behaviour", ["never_answers", "never_reads"])
def test_a_guest_without_a_sign_of_life_is_given_up_before_its_call_is_late(
    start_server, fresh_user, tmp_path, behaviour
):
    program = engine_with_hostile_guest(tmp_path / "engine", fresh_user)
    (tmp_path / "behaviour").write_text(behaviour)
    server = start_server("--user", fresh_user, "--engine", str(program), *BEAT)
    result = server.call_tool("execute_bash", command="true", timeout=600)
    assert result["isError"] is True
    assert "gave no sign of life for 8 seconds and was given up" in text_of(result)


def stand_still(server) -> None:
    """Stops the server as Ctrl-Z does, for longer than a sandbox would wait."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        time.sleep(STANDSTILL)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def test_a_server_that_was_stopped_finds_its_sandbox_again(start_server, fresh_user):
    server = start_server("--user", fresh_user, *BEAT)
    server.bash("sleep 1000 & echo up > /tmp/up.txt")
    container = engine.only_container(fresh_user)
    stand_still(server)
    assert server.bash("cat /tmp/up.txt; pgrep -c sleep")["stdout"] == "up\n1\n"
    assert engine.only_container(fresh_user) == container


def test_a_sandbox_elsewhere_ends_without_its_server(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--engine-location", "remote", *BEAT)
    server.bash("echo up > up.txt")
    call = server.start_tool("execute_bash", command="touch /tmp/running; sleep 600", timeout=600)
    server.bash("until [ -e /tmp/running ]; do sleep 0.02; done")
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        engine.wait_until_gone(fresh_user)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    result = server.result(call)
    assert result["isError"] is True
    assert "nothing came from the server for 8 seconds" in text_of(result)
    assert server.bash("cat up.txt")["stdout"] == "up\n"


def test_a_sandbox_elsewhere_outlasts_many_intervals_without_anything_to_say(start_server, fresh_user):
    # Longer than the others', since a busy machine may leave either end without a moment of its own.
    server = start_server("--user", fresh_user, "--engine-location", "remote", "--heartbeat", "5")
    server.bash("true")
    container = engine.only_container(fresh_user)
    server.bash("sleep 28")
    assert server.bash("echo still here")["stdout"] == "still here\n"
    assert engine.only_container(fresh_user) == container


def test_a_channel_that_is_cut_is_no_clean_end(start_server, fresh_user, tmp_path):
    """As a control plane does that is upgraded: the command line ends, and says that all is well."""
    cut = tmp_path / "cut"
    run = f'{shlex.quote(engine.path_of_program())} "$@" <&3 & pid=$!'
    wait = f"until [ -e {shlex.quote(str(cut))} ] || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done"
    script = f'case " $* " in *" run "*) exec 3<&0; {run}; {wait}; kill -9 $pid; exit 0;; esac'
    server = start_server("--user", fresh_user, "--engine", str(write_engine(tmp_path / "engine", script)))
    server.bash("echo up > up.txt")
    call = server.start_tool("execute_bash", command="touch /tmp/running; sleep 600", timeout=600)
    server.bash("until [ -e /tmp/running ]; do sleep 0.02; done")
    cut.touch()
    result = server.result(call)
    assert result["isError"] is True
    assert "The connection to the sandbox was cut" in text_of(result)
    cut.unlink()
    assert server.bash("cat up.txt")["stdout"] == "up\n"
