"""A sandbox whose channel is in hostile hands ends with a clear error; the server and its other users go on."""

import secrets

import pytest
from support import engine, hostile_guest
from support.host_processes import open_descriptors, resident_bytes
from support.in_between import engine_with_hostile_guest
from support.schemas import assert_valid_conversation
from support.stdio_client import StdioClient, text_of


@pytest.fixture(scope="module")
def attacker():
    return f"attacker-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def behaviour(tmp_path_factory):
    """The file that says what the attacker's sandbox will do."""
    return tmp_path_factory.mktemp("hostile") / "behaviour"


@pytest.fixture(scope="module")
def server(user, attacker, behaviour):
    """A server with a hostile sandbox, when the attacker calls, beside the honest one of its own user."""
    program = engine_with_hostile_guest(behaviour.with_name("engine"), attacker)
    with StdioClient(["--user", user, "--engine", str(program)]) as shared:
        shared.initialize()
        shared.bash("echo mine > /tmp/mine.txt")
        yield shared
    assert_valid_conversation(shared.journal)


@pytest.fixture
def bystander(server, user):
    """The honest sandbox: it serves before, during and after, and it is the same."""
    before = engine.only_container(user)
    lasting = server.start_tool("execute_bash", command="sleep 0.3; cat /tmp/mine.txt")
    yield
    assert server.result(lasting)["structuredContent"]["stdout"] == "mine\n"
    assert server.bash("cat /tmp/mine.txt")["stdout"] == "mine\n"
    assert engine.only_container(user) == before


def call(server, attacker, tool="execute_bash", **arguments):
    meta = {"x-user-id": attacker, "progressToken": secrets.token_hex(4)}
    return server.call_tool(tool, meta=meta, **(arguments or {"command": "true"}))


TOOLS = {
    "execute_bash": {"command": "true"},
    "write_file": {"file_path": "a", "content": "b"},
    "read_file": {"file_path": "a", "offset": 2**53},
    "read_docstring": {"file_path": "a.py", "function_name": "f"},
}
VIOLATIONS = {
    "announces_four_gigabytes": "announced a frame of 4294967295 bytes",
    "sends_an_unknown_kind": "unknown kind",
    "says_hello_twice": "handshake twice",
    "sends_what_is_not_json": "not JSON",
    "sends_what_nests_too_deep": "not JSON",
    "answers_the_calls_of_others": "answered an unknown call",
    "sends_data_for_another_call": "data for an unknown call",
    "sends_data_of_no_stream": "data for an unknown call",
    "floods_with_data": "more than was requested",
    "floods_with_empty_data": "data for an unknown call",
    "floods_with_progress": "flooded",
    "floods_with_artifacts": "flooded",
    "tells_of_artifacts_elsewhere": "invalid change of artifacts",
    "floods_the_log": "flooded",
    "floods_with_calls": "flooded",
    "calls_with_an_id_of_the_servers": "id reserved for the server",
    "cancels_the_servers_call": "only the server sends",
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_ends_that_sandbox_alone(server, attacker, behaviour, bystander, name):
    behaviour.write_text(name)
    before = resident_bytes(server.process.pid)
    result = call(server, attacker)
    assert result["isError"] is True
    assert "tampered" in text_of(result)
    assert VIOLATIONS[name] in text_of(result)
    assert "\x1b" not in server.stderr
    grown = resident_bytes(server.process.pid) - before
    assert grown < 20 << 20, f"the server has grown by {grown} bytes"


@pytest.mark.parametrize("name", ["ends_at_once", "answers_without_an_exit_code"])
def test_an_answer_that_is_none_is_an_error(server, attacker, behaviour, bystander, name):
    behaviour.write_text(name)
    result = call(server, attacker)
    assert result["isError"] is True
    assert text_of(result)


def test_a_number_beyond_all_bounds_does_not_reach_the_client(server, attacker, behaviour, bystander):
    behaviour.write_text("answers_with_a_number_beyond_all_bounds")
    assert call(server, attacker)["isError"] is True


def test_numbers_that_no_file_has_do_not_end_the_server(server, attacker, behaviour, bystander):
    behaviour.write_text("counts_what_cannot_be")
    for _ in hostile_guest.IMPOSSIBLE:
        for tool, arguments in TOOLS.items():
            result = call(server, attacker, tool, **arguments)
            assert result["content"], result
            assert all(block.get("text", block.get("data")) for block in result["content"]), result


def test_a_second_answer_is_nobodys(server, attacker, behaviour, bystander):
    """Which of the two comes first decides whether the call still gets its result."""
    behaviour.write_text("answers_twice")
    result = call(server, attacker)
    assert result.get("isError") or result["structuredContent"]["exit_code"] == 0


def test_artifacts_elsewhere_are_not_linked(server, attacker, behaviour, bystander):
    behaviour.write_text("links_artifacts_elsewhere")
    result = call(server, attacker)
    links = [block["uri"] for block in result["content"] if block["type"] == "resource_link"]
    assert links == ["artifact:///good.txt"]


def test_a_guest_that_never_answers_is_given_up(start_server, fresh_user, passing_users, tmp_path):
    """Ways to be silent, all at once, each in a sandbox of its own, and a user beside them who waits for none."""
    silent = {}
    for name in ("never_answers", "sends_half_a_frame", "never_reads", "closes_its_output"):
        silent[f"{fresh_user}-{name}"] = name
    passing_users += silent
    behaviour = tmp_path / "behaviour"
    program = engine_with_hostile_guest(tmp_path / "engine", f"{fresh_user}-*")
    server = start_server("--user", fresh_user, "--engine", str(program))
    server.bash("true")
    before = open_descriptors(server.process.pid)
    calls = []
    for user, name in silent.items():
        behaviour.write_text(name)
        calls.append(server.start_tool("execute_bash", command="true", timeout=1, meta={"x-user-id": user}))
        assert engine.poll(lambda: not behaviour.exists()) is not None, "the hostile guest was not started"
        assert server.bash("echo served")["stdout"] == "served\n"
    for each in calls:
        result = server.result(each, 90)
        assert result["isError"] is True
        assert "did not answer in time" in text_of(result)
    assert server.bash("echo served")["stdout"] == "served\n"
    elapsed = engine.poll(lambda: open_descriptors(server.process.pid) <= before)
    assert elapsed is not None, f"{open_descriptors(server.process.pid)} descriptors are open, before {before}"
