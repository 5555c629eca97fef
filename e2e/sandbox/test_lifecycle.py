"""When a sandbox begins and when it ends: with its server, whatever ends that."""

import contextlib
import signal

import pytest
from support import engine
from support.stdio_client import ServerGone


def started(start_server, user, *options):
    server = start_server("--user", user, *options)
    server.bash("echo up > up.txt")
    return server


def test_no_container_exists_before_the_first_call(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.request("ping")
    server.request("tools/list")
    server.request("prompts/get", {"name": "agent_system_prompt"})
    server.request("server/discover", modern=True)
    assert engine.containers(fresh_user) == []
    assert engine.volumes(fresh_user) == []
    server.bash("true")
    assert len(engine.containers(fresh_user)) == 1


def test_one_container_serves_every_call(start_server, fresh_user):
    server = started(start_server, fresh_user)
    container = engine.only_container(fresh_user)
    for _ in range(3):
        server.bash("true")
    assert engine.only_container(fresh_user) == container


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@pytest.mark.parametrize("way", ["end of input", signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_container_ends_with_its_server(start_server, fresh_user, way, busy):
    server = started(start_server, fresh_user)
    if busy:
        server.start_tool("execute_bash", command="trap '' TERM; touch busy; sleep 600", timeout=600)
        server.bash("until [ -e busy ]; do sleep 0.02; done")
    if isinstance(way, signal.Signals):
        server.signal(way)
    else:
        server.close_stdin()
    elapsed = engine.poll(lambda: server.process.poll() is not None)
    assert elapsed is not None, "the server still runs"
    print(f"the server ended after {elapsed:.2f} s")
    engine.wait_until_gone(fresh_user)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_a_killed_server_leaves_no_container(start_server, fresh_user, busy):
    server = started(start_server, fresh_user)
    if busy:
        server.start_tool("execute_bash", command="trap '' TERM; touch busy; sleep 600", timeout=600)
        server.bash("until [ -e busy ]; do sleep 0.02; done")
    server.kill9()
    engine.wait_until_gone(fresh_user)


def test_a_server_that_is_killed_while_its_sandbox_starts_leaves_no_container(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.start_tool("execute_bash", command="sleep 600")
    engine.poll(lambda: engine.containers(fresh_user))
    server.kill9()
    engine.wait_until_gone(fresh_user)


def test_a_server_that_ends_before_its_first_call_leaves_with_success(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    assert server.close() == 0
    assert engine.containers(fresh_user) == []


def test_end_of_input_right_at_the_start_is_no_error(start_server):
    server = start_server(initialize=None)
    assert server.close() == 0


def test_a_host_that_stops_reading_does_not_keep_the_server(start_server, fresh_user):
    server = started(start_server, fresh_user)
    server.stop_reading()
    with contextlib.suppress(ServerGone):  # it may well have left by itself
        server.send_bytes(b'{"jsonrpc":"2.0","id":"unheard","method":"tools/list"}\n' * 100)
    server.close_stdin()
    assert engine.poll(lambda: server.process.poll() is not None) is not None
    engine.wait_until_gone(fresh_user)


def test_two_servers_of_one_user_work_at_once_on_one_workspace(start_server, fresh_user):
    first = started(start_server, fresh_user)
    second = start_server("--user", fresh_user)
    assert second.bash("cat up.txt")["stdout"] == "up\n"
    assert len(engine.containers(fresh_user)) == 2
    second.bash("echo seen by both > shared.txt")
    assert first.bash("cat shared.txt")["stdout"] == "seen by both\n"
    first.close()
    assert second.bash("cat shared.txt")["stdout"] == "seen by both\n"
    assert engine.poll(lambda: len(engine.containers(fresh_user)) == 1) is not None


def test_two_servers_may_start_at_the_same_moment(start_server, fresh_user):
    servers = [start_server("--user", fresh_user) for _ in range(3)]
    calls = [server.start_tool("execute_bash", command="echo together") for server in servers]
    for server, call in zip(servers, calls, strict=True):
        assert server.result(call)["structuredContent"]["stdout"] == "together\n"


@pytest.mark.parametrize("command", ["kill", "rm --force"])
def test_a_container_ended_from_outside_fails_its_call_and_the_next_one_works(start_server, fresh_user, command):
    server = started(start_server, fresh_user)
    call = server.start_tool("execute_bash", command="touch running; sleep 600", timeout=600)
    server.bash("until [ -e running ]; do sleep 0.02; done")
    engine.run(*command.split(), engine.only_container(fresh_user))
    result = server.result(call)
    assert result["isError"] is True
    assert "sandbox ended during the call" in result["content"][0]["text"]
    assert server.bash("cat up.txt")["stdout"] == "up\n"


def test_a_container_ended_between_calls_is_replaced(start_server, fresh_user):
    server = started(start_server, fresh_user)
    before = engine.only_container(fresh_user)
    engine.run("kill", before)
    engine.poll(lambda: before not in engine.containers(fresh_user))
    results = [server.call_tool("execute_bash", command="cat up.txt") for _ in range(2)]
    assert results[1]["structuredContent"]["stdout"] == "up\n"
    assert engine.only_container(fresh_user) != before


def test_an_idle_sandbox_is_stopped_and_started_again_with_its_workspace(start_server, fresh_user):
    server = started(start_server, fresh_user, "--idle-timeout", "1")
    assert engine.poll(lambda: not engine.containers(fresh_user)) is not None
    assert server.request("ping") == {}
    assert server.bash("cat up.txt")["stdout"] == "up\n"


def test_a_sandbox_that_works_is_not_idle(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--idle-timeout", "1")
    assert server.bash("sleep 4; echo undisturbed")["stdout"] == "undisturbed\n"


def test_one_sandbox_too_many_stops_the_longest_idle_one(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user, "--max-sandboxes", "2")
    people = [f"{fresh_user}.{number}" for number in range(3)]
    passing_users += people
    for person in people[:2]:
        server.bash(f"echo {person} > me.txt", meta={"x-user-id": person})
    server.bash("true", meta={"x-user-id": people[0]})  # now the second is the longest idle one
    server.bash("true", meta={"x-user-id": people[2]})
    engine.wait_until_gone(people[1])
    assert [len(engine.containers(person)) for person in people] == [1, 0, 1]
    assert server.bash("cat me.txt", meta={"x-user-id": people[1]})["stdout"] == f"{people[1]}\n"
    engine.wait_until_gone(people[0])
