"""Every revision of the protocol that a host may speak, with servers of both eras: the same calls, in Python, bash and
Perl.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import real_servers
from support.bridged import OPEN, bridged_server
from support.fixture_server import entry, read_journal
from support.schemas import assert_valid_conversation

# One command: the three languages, a server of each era, and two that people use.
COMMAND = r"""set -e
python3 -c '
from servers import calculator, legacy, modern, time
print(legacy.add(a=1, b=2)["sum"], modern.add(a=3, b=4)["sum"])
print(time.convert_time(source_timezone="UTC", time="12:00", target_timezone="Asia/Tokyo")["time_difference"])
print("42" in str(calculator.calculate(expression="6*7")))
'
mcp call legacy echo --text bash
perl -MIO::Socket::UNIX -e '
(my $name = $ENV{MCP_BRIDGE}) =~ s/^@/\0/;
my $bridge = IO::Socket::UNIX->new(Peer => $name) or die "no bridge: $!\n";
print $bridge q({"id": 1, "method": "call", "params": {"tool": "modern__echo", "arguments": {"text": "perl"}}}), "\n";
$bridge->flush;
print scalar(<$bridge>) =~ /"text":"(\w+)"/, "\n";
'
"""
PRINTED = "3 7\n+9.0h\nTrue\nbash\nperl\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all, so that the servers' tools are listed only once."""
    return tmp_path_factory.mktemp("revisions")


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
def test_a_host_of_any_revision_has_servers_of_both_eras(user, directory, revision):
    servers = {"time": real_servers.time(), "calculator": real_servers.calculator()}
    for era in ("legacy", "modern"):
        servers[era] = {**entry("--era", era, "--journal", str(directory / era)), "exec-mcp": OPEN}
    options = ("--workspace", "ephemeral")
    with bridged_server(user, directory, servers, *options, revision=revision) as client:
        result = client.bash(COMMAND)
        assert result["stdout"] == PRINTED and result["exit_code"] == 0, result
        assert "[tools: 6 calls, calculator 1, legacy 2, modern 2, time 1]" in result["stderr"]
        meta = None if revision != "2026-07-28" else {"io.modelcontextprotocol/protocolVersion": revision}
        prompt = client.request("prompts/get", {"name": "agent_system_prompt"}, meta=meta)
        assert "from servers import" in json.dumps(prompt)
    assert_valid_conversation(client.journal)
    assert "initialize" in methods(directory / "legacy")
    assert "server/discover" in methods(directory / "modern")


def methods(journal: Path) -> set[str]:
    """What exec-mcp has sent to a server."""
    return {one["message"].get("method", "") for one in read_journal(journal, "message")}
