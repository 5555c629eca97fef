"""A server whose tools a person has to approve, for tests with published clients."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import engine
from .fixture_server import entry, read_journal
from .tapped_server import TappedServer

ONE = "mcp call fixture count 2>&1; echo $?"
MANY = """python3 - <<'END'
from servers import fixture, together
print(sorted(map(int, together(fixture.count, [{}] * 31, at_once=31))))
END"""


def options(directory: Path, **settings: object) -> tuple[str, ...]:
    """The options of an exec-mcp with such a server, which writes a journal there."""
    own = {"tools": {"ask": ["count"]}, **settings}
    servers = {"fixture": {**entry("--journal", str(directory / "journal")), "exec-mcp": own}}
    file = directory / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    return ("--mcp-config", str(file), "--workspace", "ephemeral")


@contextmanager
def tapped_server(user: str, directory: Path, **settings: object) -> Iterator[TappedServer]:
    """A tapped server with such a server; checks at the end what it has said and left."""
    server = TappedServer(user, directory / "conversation.jsonl", options(directory, **settings))
    yield server
    server.assert_well_spoken()
    engine.wait_until_gone(user)


def calls(directory: Path) -> int:
    """How many calls the server has really got."""
    messages = [one["message"] for one in read_journal(directory / "journal", "message")]
    return sum(message.get("method") == "tools/call" for message in messages)


def count(message: str) -> int:
    """How many calls a question is about."""
    found = re.match(r"Code in the sandbox wants to call (?:(\d+) × )?fixture\.count\n", message)
    assert found, message
    return int(found[1] or 1)


def kill_while_asking(client: list[str]) -> None:
    """Starts a client that reads a command and prints a line when it is asked about it, and kills it then."""
    process = subprocess.Popen(client, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    with process.stdout:
        process.stdin.write(ONE.encode())
        process.stdin.close()
        asked = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert asked == b"asked\n"
