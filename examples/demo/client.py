"""A small MCP client: one server process, one request at a time. Standard library only."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

REVISION = "2025-11-25"
# Only there so that a server that hangs does not hang the demo.
ANSWER_SECONDS = 180


class ClientError(Exception):
    """The server could not be started, ended, answered with an error, or did not answer."""


class Client:
    """Starts a server as an MCP host does, with a pipe to its standard input and one from its standard output."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = tempfile.TemporaryFile()
        self._last_id = 0
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=dict(environment)
            )
        except OSError as error:
            raise ClientError(f"cannot start {command[0]}: {error.strerror}") from error

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """Closes the pipe, which ends the server and with it the container. Returns the server's exit status."""
        try:
            self._process.stdin.close()
        except OSError:
            pass  # It is gone already.
        try:
            return self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def initialize(self) -> dict[str, Any]:
        """The handshake."""
        result = self.request(
            "initialize",
            {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {"name": "demo", "version": "1.0"}},
        )
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    def call_tool(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool call; one that the server marks as an error raises ClientError."""
        result = self.request("tools/call", {"name": name, "arguments": arguments})
        if result.get("isError"):
            raise ClientError(f"{name}: {result['content'][0]['text']}")
        return result

    def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Sends a request and waits for its result."""
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        if params is not None:
            message["params"] = params
        self._send(message)
        answer = self._receive(self._last_id)
        if "error" in answer:
            raise ClientError(f"{method}: {answer['error']['message']} (code {answer['error']['code']})")
        return answer["result"]

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise ClientError(self._obituary()) from None

    def _receive(self, number: int) -> dict[str, Any]:
        watchdog = threading.Timer(ANSWER_SECONDS, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            for line in self._process.stdout:
                message = json.loads(line)
                if message.get("id") == number:
                    return message
        finally:
            watchdog.cancel()
        raise ClientError(self._obituary())

    def _obituary(self) -> str:
        """How the server ended, and the last it said."""
        self.close()
        self._log.seek(0)
        said = self._log.read().decode("utf-8", "replace").strip().splitlines()[-8:]
        return "\n".join([f"the server ended (status {self._process.returncode}); its last output:", *said])
