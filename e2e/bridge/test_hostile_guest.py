"""A sandbox whose channel is in hostile hands, and what it can do to the bridge: nothing but end itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bridged import OPEN, bridged_server, output
from support.fixture_server import entry, read_journal
from support.host_processes import resident_bytes
from support.in_between import engine_with_hostile_guest
from support.stdio_client import StdioClient, text_of

VIOLATIONS = {
    "opens_the_bridge_for_no_command": "opened a connection to the bridge for no command",
    "opens_the_bridge_without_end": "started too many calls",
    "floods_the_bridge": "sent too much data to its own call",
    "answers_for_the_bridge": "answered an unknown call",
}


@pytest.fixture(scope="module")
def attacker() -> str:
    return f"attacker-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def client(user: str, attacker: str, directory: Path) -> Iterator[StdioClient]:
    program = engine_with_hostile_guest(directory / "engine", attacker)
    servers = {"fixture": {**entry("--journal", str(directory / "journal")), "exec-mcp": OPEN}}
    options = ("--engine", str(program), "--workspace", "ephemeral")
    with bridged_server(user, directory, servers, *options) as shared:
        yield shared


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_ends_that_sandbox_alone(client, attacker, directory, name):
    assert output(client, "from servers import fixture\nprint(fixture.echo('well'))") == "well\n"
    before = resident_bytes(client.process.pid)
    (directory / "behaviour").write_text(name)
    result = client.call_tool("execute_bash", command="true", meta={"x-user-id": attacker})
    assert result["isError"] is True and "tampered" in text_of(result), text_of(result)
    assert VIOLATIONS[name] in text_of(result)
    assert output(client, "from servers import fixture\nprint(fixture.echo('well'))") == "well\n"
    assert resident_bytes(client.process.pid) - before < 20 << 20


def test_a_guest_that_names_other_commands_reaches_no_tool_for_them(client, attacker, directory):
    calls = len(read_journal(directory / "journal", "call"))
    (directory / "behaviour").write_text("calls_tools_for_other_commands")
    result = client.call_tool("execute_bash", command="true", meta={"x-user-id": attacker})
    assert result["structuredContent"]["exit_code"] == 0, "it has gone through with it"
    assert len(read_journal(directory / "journal", "call")) == calls
    assert output(client, "from servers import fixture\nprint(fixture.echo('well'))") == "well\n"
