"""`notifications/cancelled`: the command ends, and nothing more is said about it."""

import secrets

import pytest
from support import engine
from support.in_between import HeldEngine


def sleeping_command() -> tuple[str, str]:
    """A command line that no other test runs, as the engine shows it, and a script that says when it has started."""
    command = f"sleep {secrets.randbelow(80_000) + 10_000}"
    return command, f"touch started; {command}"


def wait_for_start(server) -> None:
    server.bash("while [ ! -e started ]; do sleep 0.02; done; rm started", timeout=60)


@pytest.mark.parametrize("modern", [False, True])
def test_a_cancelled_call_is_not_answered_and_its_processes_are_gone(start_server, user, modern):
    server = start_server()
    command, script = sleeping_command()
    call = server.start_tool("execute_bash", command=script, timeout=300, modern=modern)
    wait_for_start(server)
    container = engine.containers(user)[0]
    assert engine.poll(lambda: engine.running(container, command) == 1) is not None
    server.notify("notifications/cancelled", {"requestId": call.id, "reason": "changed my mind"})
    assert engine.poll(lambda: engine.running(container, command) == 0) is not None
    assert server.bash("echo next")["stdout"] == "next\n"
    server.close()
    assert not [message for message in server.messages if message.get("id") == call.id]


def test_cancellation_finds_processes_that_detached(start_server, user):
    server = start_server()
    command, _ = sleeping_command()
    script = f"setsid nohup {command} & (setsid {command} &) ; env -i {command} & touch started; {command}"
    call = server.start_tool("execute_bash", command=script, timeout=300)
    wait_for_start(server)
    container = engine.containers(user)[0]
    assert engine.poll(lambda: engine.running(container, command) == 4) is not None
    server.notify("notifications/cancelled", {"requestId": call.id})
    assert engine.poll(lambda: engine.running(container, command) == 0) is not None


def test_cancelling_one_call_leaves_the_others_alone(start_server):
    server = start_server()
    _, script = sleeping_command()
    doomed = server.start_tool("execute_bash", command=script, timeout=300)
    wait_for_start(server)
    spared = server.start_tool("execute_bash", command="sleep 1; echo spared")
    server.notify("notifications/cancelled", {"requestId": doomed.id})
    assert server.result(spared)["structuredContent"]["stdout"] == "spared\n"


def test_a_call_with_a_string_id_can_be_cancelled(start_server, user):
    server = start_server()
    command, script = sleeping_command()
    params = {"name": "execute_bash", "arguments": {"command": script, "timeout": 300}}
    server.send({"jsonrpc": "2.0", "id": "by-name", "method": "tools/call", "params": params})
    wait_for_start(server)
    container = engine.containers(user)[0]
    assert engine.poll(lambda: engine.running(container, command) == 1) is not None
    server.notify("notifications/cancelled", {"requestId": "by-name"})
    assert engine.poll(lambda: engine.running(container, command) == 0) is not None
    server.close()
    assert not [message for message in server.messages if message.get("id") == "by-name"]


def test_ids_of_different_types_are_different(start_server):
    server = start_server()
    call = server.start_tool("execute_bash", command="sleep 1; echo kept")
    server.notify("notifications/cancelled", {"requestId": str(call.id)})
    assert server.result(call)["structuredContent"]["stdout"] == "kept\n"


def test_a_call_cancelled_while_its_sandbox_starts_is_neither_run_nor_answered(start_server, fresh_user, tmp_path):
    held = HeldEngine(tmp_path)
    server = start_server("--user", fresh_user, "--engine", str(held.program))
    call = server.start_tool("execute_bash", command="touch too-late.txt")
    held.wait_until_it_starts()
    server.notify("notifications/cancelled", {"requestId": call.id})
    assert server.request("ping") == {}  # read after the cancellation
    held.go_on()
    assert server.bash("sleep 1; ls")["stdout"] == ""
    server.close()
    assert not [message for message in server.messages if message.get("id") == call.id]


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"requestId": 987654},
        {"requestId": None},
        {"requestId": [1]},
        {"requestId": 1.5},
        {"requestId": True},
        {"reason": "nothing in particular"},
    ],
)
def test_a_cancellation_of_nothing_is_ignored(client, params):
    call = client.start_tool("execute_bash", command="sleep 0.3; echo undisturbed")
    message = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    client.send(message if params is None else {**message, "params": params}, deliberate=True)
    assert client.result(call)["structuredContent"]["stdout"] == "undisturbed\n"


def test_a_cancellation_that_comes_too_late_is_ignored(start_server):
    server = start_server()
    done = server.start_tool("execute_bash", command="echo done")
    server.result(done)
    server.notify("notifications/cancelled", {"requestId": done.id})
    assert server.bash("echo next")["stdout"] == "next\n"
    server.close()
    assert len([message for message in server.messages if message.get("id") == done.id]) == 1
