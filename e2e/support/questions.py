"""Servers whose tools ask the person behind the client, for tests with published clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import engine
from .bridged import OPEN
from .fixture_server import entry, read_journal
from .stdio_client import Json, StdioClient
from .tapped_server import TappedServer

# In Python, so that one command may ask several questions at once.
ASK = """python3 - <<'END'
from servers import modern
print(modern.ask(question="Which one?"))
END"""


@contextmanager
def tapped_server(user: str, directory: Path) -> Iterator[TappedServer]:
    """A tapped server whose sandboxes have servers that ask; checks at the end what it has said and left."""
    server = TappedServer(user, directory / "conversation.jsonl", options(directory))
    yield server
    server.assert_well_spoken()
    engine.wait_until_gone(user)


def options(directory: Path) -> tuple[str, ...]:
    """The options of an exec-mcp with servers of both eras, `modern` and `legacy`, which write journals there."""
    eras = ("modern", "legacy")
    servers = {era: {**entry("--era", era, "--journal", str(directory / era)), "exec-mcp": OPEN} for era in eras}
    file = directory / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    return ("--mcp-config", str(file), "--workspace", "ephemeral")


def respond(client: StdioClient, question: Json, result: Json) -> None:
    """Answers a request of the server."""
    client.send({"jsonrpc": "2.0", "id": question["id"], "result": result})


def answers(directory: Path, era: str) -> list[str]:
    """The actions of the answers that a server has received, in order."""
    found = []
    for one in read_journal(directory / era, "message"):
        message = one["message"]
        responses = list((message.get("params") or {}).get("inputResponses", {}).values())
        found += [response["action"] for response in [*responses, message.get("result", {})] if "action" in response]
    return found
