"""A raw MCP client over stdio: it hides nothing of the wire and repairs nothing.

The published clients are tested elsewhere; this one exists to say things they would never say, and to keep every
line of both directions for validation afterwards.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
LATEST_LEGACY = "2025-11-25"
MODERN = "2026-07-28"
META_PREFIX = "io.modelcontextprotocol/"
DEFAULT_WAIT = 120.0

Json = dict[str, Any]


def server_binary() -> str:
    """The exec-mcp under test: EXEC_MCP_BINARY, or the release build."""
    return os.environ.get("EXEC_MCP_BINARY") or str(REPOSITORY / ".build" / "release" / "exec-mcp")


def modern_meta(version: str = MODERN, **extra: Any) -> Json:
    """The `_meta` that a 2026-07-28 request has to carry."""
    return {
        META_PREFIX + "protocolVersion": version,
        META_PREFIX + "clientCapabilities": {},
        META_PREFIX + "clientInfo": {"name": "exec-mcp-tests", "version": "1.0.0"},
        **extra,
    }


class ServerGone(AssertionError):
    """The server's stdout ended while something was still expected of it."""


class NoAnswer(AssertionError):
    """Nothing that matches arrived in time."""


class RPCError(Exception):
    """A JSON-RPC error response."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Any = error.get("data")


@dataclass(frozen=True)
class Line:
    """One line of the conversation. `deliberate` marks input that breaks the protocol on purpose."""

    direction: str  # "client" or "server"
    raw: bytes
    deliberate: bool = False


@dataclass(frozen=True)
class Pending:
    """A request that was sent; its response is fetched with `StdioClient.result` or `.response`."""

    id: Any
    method: str


class StdioClient:
    """Starts the server and talks to it, a line at a time. Waits for events, never for the clock.

    Usage::

        with StdioClient(args=["--user", "someone"]) as client:
            client.initialize()
            result = client.call_tool("execute_bash", command="echo hi")
    """

    def __init__(
        self,
        args: Sequence[str] = (),
        env: Mapping[str, str | None] | None = None,
        *,
        command: Sequence[str] | None = None,
        modern: bool = False,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        """`env` is laid over this process's environment; a value of None removes a variable."""
        self.modern = modern
        self.journal: list[Line] = []
        self.messages: list[Any] = []
        self._news = threading.Condition()
        self._ended = False
        self._stderr = bytearray()
        # Several threads may start requests.
        self._ids = itertools.count(1)
        self._unfinished = b""
        self._cut_off = False
        environment = dict(os.environ)
        for name, value in (env or {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        self.process = subprocess.Popen(
            [*(command or [server_binary()]), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read_stdout, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    # Lines in

    def _read_stdout(self) -> None:
        assert self.process.stdout
        for raw in self.process.stdout:
            if self._cut_off and not raw.endswith(b"\n"):
                break  # the rest of this line was never to come
            line = raw.removesuffix(b"\n")
            try:
                message = json.loads(line)
            except ValueError:
                message = None  # kept in the journal: `schemas.check_conversation` reports it
            with self._news:
                self.journal.append(Line("server", line))
                self.messages.extend(message if isinstance(message, list) else [message])
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _read_stderr(self) -> None:
        assert self.process.stderr
        while chunk := self.process.stderr.read1(65536):
            with self._news:
                self._stderr += chunk
                self._news.notify_all()

    @property
    def stderr(self) -> str:
        """Everything the server has logged so far."""
        with self._news:
            return self._stderr.decode("utf-8", "replace")

    def wait_for(
        self,
        matches: Callable[[Any], bool],
        timeout: float = DEFAULT_WAIT,
        what: str = "a message",
        since: int = 0,
    ) -> Any:
        """The first message received, now or later, for which `matches` holds; `since` skips that many messages."""
        deadline = time.monotonic() + timeout
        seen = since
        with self._news:
            while True:
                for message in self.messages[seen:]:
                    if matches(message):
                        return message
                seen = len(self.messages)
                if self._ended:
                    raise ServerGone(f"stdout ended before {what} arrived; stderr: {self._stderr[-2000:]!r}")
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    if len(self.messages) > seen:
                        continue
                    raise NoAnswer(f"no {what} within {timeout} s; stderr: {self._stderr[-2000:]!r}")

    def wait_for_log(self, text: str, timeout: float = DEFAULT_WAIT) -> None:
        """Returns once the server has written `text` to stderr."""
        with self._news:
            if not self._news.wait_for(lambda: text.encode() in self._stderr, timeout):
                raise NoAnswer(f"{text!r} is not on stderr after {timeout} s: {self._stderr[-2000:]!r}")

    # Lines out

    def send_bytes(self, data: bytes, *, deliberate: bool = False) -> None:
        """Writes bytes as they are; the lines that they complete enter the journal."""
        assert self.process.stdin
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        with self._news:
            self.journal += [Line("client", line, deliberate) for line in lines if line.strip()]
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            self._readers[1].join(5)  # its last words explain why
            raise ServerGone(f"the server stopped reading; stderr: {self.stderr[-2000:]!r}") from None

    def send_line(self, line: str | bytes, *, deliberate: bool = True) -> None:
        """Sends one line of anything. It counts as a deliberate breach of the protocol unless said otherwise."""
        raw = line.encode() if isinstance(line, str) else line
        self.send_bytes(raw + b"\n", deliberate=deliberate)

    def send(self, message: Any, *, deliberate: bool = False) -> None:
        """Sends one JSON value as a line."""
        self.send_line(json.dumps(message, ensure_ascii=False, separators=(",", ":")), deliberate=deliberate)

    def exchange(self, line: str | bytes, timeout: float = DEFAULT_WAIT) -> Any:
        """Sends a line that breaks the protocol on purpose, and returns the next message from the server."""
        before = len(self.messages)
        self.send_line(line)
        return self.wait_for(lambda _: True, timeout, f"answer to {line[:100]!r}", before)

    def start(
        self,
        method: str,
        params: Json | None = None,
        *,
        modern: bool | None = None,
        meta: Json | None = None,
        deliberate: bool = False,
    ) -> Pending:
        """Sends a request and returns without waiting for its response."""
        pending = Pending(next(self._ids), method)
        message: Json = {"jsonrpc": "2.0", "id": pending.id, "method": method}
        wants_meta = self.modern if modern is None else modern
        if wants_meta or meta:
            combined = {**(modern_meta() if wants_meta else {}), **(meta or {})}
            params = {**(params or {}), "_meta": combined}
        if params is not None:
            message["params"] = params
        self.send(message, deliberate=deliberate)
        return pending

    def response(self, pending: Pending | Any, timeout: float = DEFAULT_WAIT) -> Json:
        """The response to a request, whatever it says."""
        wanted = pending.id if isinstance(pending, Pending) else pending
        what = f"response to {pending!r}"
        return self.wait_for(lambda message: is_response_to(message, wanted), timeout, what)

    def result(self, pending: Pending, timeout: float = DEFAULT_WAIT) -> Json:
        """The result of a request; a JSON-RPC error is raised."""
        response = self.response(pending, timeout)
        if "error" in response:
            raise RPCError(response["error"])
        return response["result"]

    def request(
        self,
        method: str,
        params: Json | None = None,
        timeout: float = DEFAULT_WAIT,
        *,
        modern: bool | None = None,
        meta: Json | None = None,
    ) -> Json:
        """Sends a request and returns its result; a JSON-RPC error is raised as RPCError."""
        return self.result(self.start(method, params, modern=modern, meta=meta), timeout)

    def error(self, method: str, params: Json | None = None, *, modern: bool | None = None) -> RPCError:
        """Sends a request that breaks the protocol on purpose, and returns its JSON-RPC error."""
        try:
            result = self.result(self.start(method, params, modern=modern, deliberate=True))
        except RPCError as error:
            return error
        raise AssertionError(f"{method} was expected to fail and returned {result!r}")

    def notify(self, method: str, params: Json | None = None) -> None:
        """Sends a notification."""
        self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    # MCP

    def initialize(self, revision: str = LATEST_LEGACY, capabilities: Json | None = None) -> Json:
        """The legacy handshake; from here on requests carry no `_meta` of their own."""
        result = self.request(
            "initialize",
            {
                "protocolVersion": revision,
                "capabilities": capabilities or {},
                "clientInfo": {"name": "exec-mcp-tests", "version": "1.0.0"},
            },
            modern=False,
        )
        self.notify("notifications/initialized")
        self.modern = False
        return result

    def start_tool(
        self, name: str, /, *, modern: bool | None = None, meta: Json | None = None, **arguments: Any
    ) -> Pending:
        """Starts a tool call and returns without waiting for it."""
        return self.start("tools/call", {"name": name, "arguments": arguments}, modern=modern, meta=meta)

    def call_tool(
        self,
        name: str,
        /,
        *,
        wait: float = DEFAULT_WAIT,
        modern: bool | None = None,
        meta: Json | None = None,
        **arguments: Any,
    ) -> Json:
        """Calls a tool and returns its result; `isError` results are returned too, JSON-RPC errors are raised.

        `wait` is this client's own patience, so that `timeout` stays free for the tool's argument of that name.
        """
        return self.result(self.start_tool(name, modern=modern, meta=meta, **arguments), wait)

    def bash(self, command: str, *, wait: float = DEFAULT_WAIT, meta: Json | None = None, **arguments: Any) -> Json:
        """Runs a command and returns `{"exit_code", "stdout", "stderr", ...}`; an `isError` result fails the test."""
        result = self.call_tool("execute_bash", wait=wait, meta=meta, command=command, **arguments)
        assert not result.get("isError"), text_of(result)
        return json.loads(result["content"][0]["text"])

    def python(self, program: str, **options: Any) -> Json:
        """Runs a Python program with `execute_bash`."""
        return self.bash(f"python3 - <<'END_OF_PROGRAM'\n{program}\nEND_OF_PROGRAM", **options)

    # Life and death

    def close_stdin(self) -> None:
        """Says that nothing more will come: the way a host ends a server."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def stop_reading(self) -> None:
        """Closes our end of the server's stdout. The reader is in the middle of a read: hence not simply `close`."""
        assert self.process.stdout
        self._cut_off = True
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self.process.stdout.fileno())
        os.close(nothing)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server alone, not to its children."""
        self.process.send_signal(number)

    def wait_exit(self, timeout: float = 90.0) -> int:
        """The server's exit status, after all of its output has been read."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server still runs after {timeout} s; stderr: {self.stderr[-2000:]!r}") from None
        for reader in self._readers:
            reader.join(timeout)
        return status

    def kill9(self) -> None:
        """Kills the server in a way that leaves it no chance to tidy up."""
        self._cut_off = True
        self.process.kill()
        self.process.wait()

    def close(self) -> int:
        """Closes stdin and waits for the server to end; a server that does not is killed, and the test fails."""
        self.close_stdin()
        try:
            return self.wait_exit()
        finally:
            if self.process.poll() is None:
                self.kill9()

    def __enter__(self) -> StdioClient:
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        try:
            self.close()
        except AssertionError:
            if kind is None:  # never hide the failure that brought us here
                raise


def is_response_to(message: Any, wanted: Any) -> bool:
    """Whether a message is the response to that id; 1, 1.0, "1" and true are different ids."""
    if not isinstance(message, dict) or "method" in message or "id" not in message:
        return False
    return type(message["id"]) is type(wanted) and message["id"] == wanted


def text_of(result: Json) -> str:
    """All text blocks of a tool result or prompt, one after the other."""
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")
