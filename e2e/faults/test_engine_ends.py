"""The engine stops, hangs or loses its command line in the middle of a call: the call ends in time, and when the engine
is back, so is the service. The real engine is left alone: a socket of ours stands before it."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from support import engine
from support.host_processes import children, words
from support.in_between import EngineSocket
from support.stdio_client import text_of


@pytest.fixture
def engine_socket():
    directory = Path(tempfile.mkdtemp(prefix="engine-"))  # a socket's path may be no longer than 107 bytes
    between = EngineSocket(directory / "s")
    yield between
    between.go_on()
    between.stop()
    shutil.rmtree(directory)


@pytest.fixture
def server(start_server, fresh_user, engine_socket):
    started = start_server("--user", fresh_user, env={"DOCKER_HOST": engine_socket.address})
    started.bash("echo up > up.txt")
    return started


def start_long_call(server, **arguments):
    call = server.start_tool("execute_bash", command="touch /tmp/running; sleep 600", **{"timeout": 600, **arguments})
    server.bash("until [ -e /tmp/running ]; do sleep 0.02; done")
    return call


def command_line_of_sandbox(server) -> int:
    """The engine's command line that holds the sandbox; others come and go, such as those of the sweep for orphans."""
    found = [child for child in children(server.process.pid) if "run" in words(child)[:3]]
    assert len(found) == 1, found
    return found[0]


def test_a_killed_command_line_ends_its_call_and_the_next_one_works(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("echo up > up.txt")
    call = start_long_call(server)
    before = engine.only_container(fresh_user)
    os.kill(command_line_of_sandbox(server), signal.SIGKILL)
    result = server.result(call)
    assert result["isError"] is True
    assert "sandbox ended during the call" in text_of(result)
    assert server.bash("cat up.txt")["stdout"] == "up\n"
    assert engine.poll(lambda: before not in engine.containers(fresh_user)) is not None
    assert len(engine.containers(fresh_user)) == 1


def test_a_hung_command_line_is_given_up_and_the_next_call_works(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("echo up > up.txt")
    before = engine.only_container(fresh_user)
    hung = command_line_of_sandbox(server)
    os.kill(hung, signal.SIGSTOP)
    result = server.call_tool("execute_bash", command="true", timeout=1)
    assert result["isError"] is True
    assert "did not answer in time" in text_of(result)
    assert server.request("ping") == {}
    assert server.bash("cat up.txt")["stdout"] == "up\n"
    assert engine.poll(lambda: before not in engine.containers(fresh_user)) is not None
    assert engine.poll(lambda: not os.path.exists(f"/proc/{hung}")) is not None, "the hung program is still there"


def test_a_stopped_engine_fails_calls_with_a_remedy_until_it_is_back(server, fresh_user, engine_socket):
    call = start_long_call(server)
    engine_socket.stop()
    result = server.result(call)
    assert result["isError"] is True
    assert "next call starts a new sandbox" in text_of(result)
    refused = server.call_tool("execute_bash", command="true")
    assert refused["isError"] is True
    assert "(from DOCKER_HOST) does not answer. Start it there" in text_of(refused)
    assert len(server.request("tools/list")["tools"]) == 4
    engine_socket.start()
    assert server.bash("cat up.txt")["stdout"] == "up\n"
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None


def test_a_restarted_engine_costs_the_call_under_way_and_no_more(server, fresh_user, engine_socket):
    call = start_long_call(server)
    before = engine.only_container(fresh_user)
    engine_socket.stop()
    engine_socket.start()
    result = server.result(call)
    assert result["isError"] is True
    assert "next call starts a new sandbox" in text_of(result)
    assert server.bash("cat up.txt")["stdout"] == "up\n"
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None
    assert engine.only_container(fresh_user) != before


def test_a_hung_engine_does_not_hang_the_server(server, fresh_user, passing_users, engine_socket):
    """One call waits on a sandbox that no longer answers, another for a sandbox to start; then the engine goes on."""
    newcomer = f"{fresh_user}.new"
    passing_users.append(newcomer)
    engine_socket.hang()
    waiting = server.start_tool("execute_bash", command="true", timeout=1)
    starting = server.start_tool("execute_bash", command="echo at last", meta={"x-user-id": newcomer})
    result = server.result(waiting)
    assert result["isError"] is True
    assert "did not answer in time" in text_of(result)
    assert server.request("ping") == {}
    engine_socket.go_on()
    assert server.result(starting)["structuredContent"]["stdout"] == "at last\n"
    assert server.bash("cat up.txt")["stdout"] == "up\n"
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None
