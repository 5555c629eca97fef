"""The MCP server for tests as a process, spoken to in raw lines, and its journal."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "mcp_fixture"
MODERN = "2026-07-28"

Json = dict[str, Any]


def command(*options: str) -> list[str]:
    """The command line that starts it."""
    return [sys.executable, str(PROGRAM), *options]


def entry(*options: str) -> Json:
    """Its entry in a file of MCP servers."""
    return {"command": sys.executable, "args": [str(PROGRAM), *options]}


def read_journal(path: Path, what: str | None = None) -> list[Json]:
    """What has happened so far, of all processes that shared the file."""
    text = path.read_text() if path.exists() else ""
    # The last line may still be on its way.
    entries = [json.loads(line) for line in text.rpartition("\n")[0].splitlines()]
    return [one for one in entries if what in (None, one["what"])]


class FixtureServer:
    """A running server. `era` decides what requests look like."""

    def __init__(self, *options: str, era: str = "modern") -> None:
        self.era = era
        self.process = subprocess.Popen(
            command(*options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.messages: list[Json] = []
        self.noise: list[bytes] = []
        self._arrived = threading.Condition()
        self._errors: list[bytes] = []
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=lambda: self._errors.append(self.process.stderr.read()), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self._last = 0
        if era == "legacy":
            self.request("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "t"})
            self.notify("notifications/initialized")

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._arrived:
                try:
                    message = json.loads(line)
                except ValueError:
                    message = None
                if isinstance(message, dict):
                    self.messages.append(message)
                else:
                    self.noise.append(line)
                self._arrived.notify_all()

    def write(self, message: Json) -> None:
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def notify(self, method: str, **params: Any) -> None:
        self.write({"method": method, "params": params})

    def send(self, method: str, **params: Any) -> int:
        """Sends a request. Returns its id."""
        self._last += 1
        if self.era == "modern":
            own = {"protocolVersion": MODERN, "clientCapabilities": {"elicitation": {}}}
            meta = {f"io.modelcontextprotocol/{key}": value for key, value in own.items()}
            params["_meta"] = {**meta, **params.get("_meta", {})}
        self.write({"id": self._last, "method": method, "params": params})
        return self._last

    def wait_for(self, accept: Callable[[Json], bool]) -> Json:
        """Returns the first message that `accept` takes."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: any(map(accept, self.messages)), 60)
            return next(filter(accept, self.messages))

    def answer(self, number: int) -> Json:
        return self.wait_for(lambda message: message.get("id") == number and "method" not in message)

    def request(self, method: str, **params: Any) -> Json:
        """Returns the result of a request, or its error."""
        answer = self.answer(self.send(method, **params))
        return answer.get("result", answer.get("error"))

    def call(self, tool: str, **arguments: Any) -> Json:
        return self.request("tools/call", name=tool, arguments=arguments)

    def close(self) -> tuple[int, str]:
        """Ends its input. Returns its exit status and what it wrote to standard error."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        status = self.process.wait(90)
        for reader in self._readers:
            reader.join(30)
        self.process.stdout.close()
        self.process.stderr.close()
        return status, b"".join(self._errors).decode()
