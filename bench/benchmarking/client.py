"""An MCP client that costs as little as possible, the same for every server.

One thread, blocking reads and writes on two pipes, requests put together before the clock runs. `StdioClient`, which
the tests use, has threads that hand over each line, and that alone would add a tenth to a call.
"""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarking import processes

Json = dict[str, Any]

REVISION = "2025-11-25"
READ_SIZE = 1 << 16
LOG_SIZE = 1 << 20
# Seconds that a server has to end.
PATIENCE = 30


class Request:
    """A request whose text is ready but for its id: a session uses each id once."""

    def __init__(self, method: str, params: Json | None = None) -> None:
        message: Json = {"method": method} if params is None else {"method": method, "params": params}
        self._tail = b"," + json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()[1:] + b"\n"

    def line(self, number: int) -> bytes:
        return b'{"jsonrpc":"2.0","id":%d%b' % (number, self._tail)


class Tool(Request):
    """A tool call, for a user of its own if one is named."""

    def __init__(self, name: str, arguments: Json, user: str | None = None) -> None:
        params: Json = {"name": name, "arguments": arguments}
        if user is not None:
            params["_meta"] = {"x-user-id": user}
        super().__init__("tools/call", params)


class Refused(Exception):
    """An answer that is an error, or not the one to come."""


class Client:
    """Starts a server and talks to it. Not for two threads."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._log = tempfile.TemporaryFile()
        reading, self._to_server = os.pipe()
        self._from_server, writing = os.pipe()
        self.pid = processes.start(command, environment, stdin=reading, stdout=writing, stderr=self._log.fileno())
        os.close(reading)
        os.close(writing)
        self._last_id = 0
        self._rest = b""
        self._status: int | None = None

    # What is measured

    def call(self, request: Request) -> bytes:
        """Sends a request and returns the line that answers it, unread."""
        self._last_id = number = self._last_id + 1
        self._write(request.line(number))
        mark = b'"id":%d,' % number
        while True:
            line = self._line()
            # The id stands at the front of every answer we have seen; if not, the line is read in full.
            if mark in line[:40] or _id(line) == number:
                return line

    def call_all(self, requests: Sequence[Request]) -> list[bytes]:
        """Sends all requests at once and returns their answers as they come."""
        return list(self.answers(requests))

    def answers(self, requests: Sequence[Request]) -> Iterator[bytes]:
        """Sends all requests at once and yields each answer as it comes."""
        first = self._last_id + 1
        self._last_id += len(requests)
        self._write(b"".join([request.line(first + index) for index, request in enumerate(requests)]))
        missing = len(requests)
        while missing:
            line = self._line()
            if b'"id":' in line[:40] or _id(line) is not None:
                missing -= 1
                yield line

    # What is not

    def initialize(self) -> None:
        """The whole handshake."""
        self.shake_hands()
        self._write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def shake_hands(self) -> None:
        """`initialize` and its answer, and no more."""
        who = {"name": "exec-mcp-benchmark", "version": "1.0.0"}
        params = {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": who}
        result(self.call(Request("initialize", params)))

    def log(self) -> str:
        """What the server has written to standard error so far."""
        # The server writes at the offset that this descriptor has too: it must stay.
        return os.pread(self._log.fileno(), LOG_SIZE, 0).decode("utf-8", "replace")

    def close(self) -> None:
        """Closes the server's input, as a host does, and waits for its end. One that takes too long is killed."""
        if self._status is not None:
            return
        os.close(self._to_server)
        # Its output ends with it.
        while select.select([self._from_server], [], [], PATIENCE)[0]:
            if not os.read(self._from_server, READ_SIZE):
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
        _, self._status = os.waitpid(self.pid, 0)
        os.close(self._from_server)
        self._log.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._to_server, view) :]

    def _line(self) -> bytes:
        """The next line. A long one is put together once, not at every piece."""
        rest = self._rest
        end = rest.find(b"\n")
        if end < 0:
            pieces = [rest]
            while True:
                piece = os.read(self._from_server, READ_SIZE)
                if not piece:
                    raise Refused(f"the server ended: {self.log()[-2000:]}")
                end = piece.find(b"\n")
                if end >= 0:
                    break
                pieces.append(piece)
            self._rest = piece[end + 1 :]
            pieces.append(piece[:end])
            return b"".join(pieces)
        self._rest = rest[end + 1 :]
        return rest[:end]


def result(line: bytes) -> Json:
    """The result in an answer. An error is raised, that of a tool too."""
    message = json.loads(line)
    if "result" not in message:
        raise Refused(str(message.get("error", message))[:500])
    if message["result"].get("isError"):
        raise Refused(str(message["result"]["content"])[:500])
    return message["result"]


def text(line: bytes) -> str:
    """The text of a tool's answer."""
    return "".join(block["text"] for block in result(line)["content"] if block["type"] == "text")


def _id(line: bytes) -> object:
    """The id of an answer; None if the line is none."""
    message = json.loads(line)
    return None if "method" in message else message.get("id")
