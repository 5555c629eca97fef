"""Code in a Python session calls tools: each call belongs to the command that runs the piece of code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.bridged import OPEN, bridged_server
from support.fixture_server import entry, read_journal
from support.stdio_client import StdioClient


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("py-sessions") / "journal"


@pytest.fixture(scope="module")
def client(user: str, journal: Path) -> Iterator[StdioClient]:
    servers = {"fixture": {**entry("--journal", str(journal)), "exec-mcp": OPEN}}
    with bridged_server(user, journal.parent, servers) as shared:
        shared.bash("py -c 'from servers import fixture'")
        yield shared


def test_each_command_is_told_of_the_calls_of_its_own_piece(client):
    for number in (1, 2):
        result = client.bash(f"py -c 'fixture.add(a={number}, b=1)[\"sum\"]'")
        assert (result["exit_code"], result["stdout"]) == (0, f"{number + 1}\n")
        assert result["stderr"] == "[tools: 1 call, fixture 1]\n"
    assert client.bash("py -c 7") == {"exit_code": 0, "stdout": "7\n", "stderr": ""}


def test_a_call_belongs_to_its_command_while_an_earlier_one_goes_on(client):
    client.bash("rm -f called go")
    earlier = client.start_tool(
        "execute_bash",
        command="py -c 'fixture.echo(\"a\");'; touch called; until [ -e go ]; do sleep 0.02; done",
        timeout=300,
    )
    client.bash("until [ -e called ]; do sleep 0.02; done", timeout=120)
    later = client.bash('py -c \'fixture.echo("b"); fixture.echo("c");\'')
    client.bash("touch go")
    assert later["stderr"] == "[tools: 2 calls, fixture 2]\n"
    assert client.result(earlier)["structuredContent"]["stderr"] == "[tools: 1 call, fixture 1]\n"


def test_programs_that_the_code_starts_call_for_the_command_as_well(client):
    result = client.bash("py -c 'import os; os.system(\"mcp call fixture add --a 2 --b 3 > /dev/null\");'")
    assert (result["exit_code"], result["stderr"]) == (0, "[tools: 1 call, fixture 1]\n")


def test_an_interrupt_cancels_the_call_and_the_session_goes_on(client, journal):
    client.bash("py -c 'kept = 5'")
    calls, cancelled = (len(read_journal(journal, what)) for what in ("call", "cancelled"))
    pending = client.start_tool("execute_bash", command="py -c 'fixture.wait()'", timeout=300)
    assert engine.poll(lambda: len(read_journal(journal, "call")) > calls) is not None
    client.notify("notifications/cancelled", {"requestId": pending.id})
    assert engine.poll(lambda: len(read_journal(journal, "cancelled")) > cancelled) is not None
    result = client.bash("py -c 'kept, fixture.echo(\"again\")'")
    assert (result["stdout"], result["stderr"]) == ("(5, 'again')\n", "[tools: 1 call, fixture 1]\n")
