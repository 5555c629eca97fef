"""How the tests start exec-mcp under a published client: through the tap, with everything that was said checked."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .schemas import assert_valid_conversation
from .stdio_client import Line, server_binary

TAP = Path(__file__).with_name("wire_tap.py")


@dataclass(frozen=True)
class TappedServer:
    """What a client has to start, and where the conversation is recorded."""

    user: str
    record: Path
    options: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        return sys.executable

    @property
    def arguments(self) -> list[str]:
        return [str(TAP), str(self.record), server_binary(), "--user", self.user, *self.options]

    @property
    def environment(self) -> dict[str, str]:
        """Clients hand on next to nothing of their environment; this is what chooses the engine and the image."""
        return {name: value for name, value in os.environ.items() if name.startswith(("MCP_", "DOCKER_"))}

    @property
    def journal(self) -> list[Line]:
        """The lines of the record, as the tests' own client would have kept them."""
        entries = [json.loads(entry) for entry in self.record.read_text(encoding="utf-8").splitlines()]
        return [Line(entry["direction"], entry["line"].encode("utf-8", "surrogateescape")) for entry in entries]

    def requests(self, method: str) -> int:
        """How often the client has sent a message of that method."""
        sent = [json.loads(line.raw) for line in self.journal if line.direction == "client"]
        return sum(message["method"] == method for message in sent)

    def assert_well_spoken(self) -> None:
        """Both sides kept to the protocol, and something was said at all."""
        assert self.journal, "nothing passed the tap"
        assert_valid_conversation(self.journal)


def wait_until_gone(command_line: str) -> str:
    """A command that succeeds once no process of exactly that command line is left in the sandbox."""
    return f"for i in $(seq 200); do pgrep -fx '{command_line}' > /dev/null || exit 0; sleep 0.05; done; exit 1"
