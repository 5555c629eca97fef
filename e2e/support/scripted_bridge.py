"""The server's end of the bridge as a script: answers what a test says, and records what it was asked."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """An error to answer with."""

    def __init__(self, kind: str, message: str = "", **data: Any) -> None:
        super().__init__(message)
        self.error = {"type": kind, "message": message, "data": data}


class Request:
    """A request on its way, with what a test may do to it."""

    def __init__(self, connection: Connection, message: Json) -> None:
        self.connection = connection
        self.id = message.get("id")
        self.method: str = message["method"]
        self.params: Json = message.get("params", {})
        self.cancelled = threading.Event()


class Silence(Exception):
    """Leaves a request without an answer."""


class Connection:
    def __init__(self, bridge: ScriptedBridge, opened: socket.socket) -> None:
        self.bridge = bridge
        self.socket = opened
        self.requests: dict[Any, Request] = {}
        self._writing = threading.Lock()
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        try:
            with self.socket.makefile("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        self._take(json.loads(line))
        except OSError:
            pass
        finally:
            self.bridge.closed.release()
            # What was asked before the end of the input is still answered.
            for thread in self._threads:
                thread.join()
            self.socket.close()

    def _take(self, message: Json) -> None:
        if message.get("method") == "cancel":
            self.bridge.cancelled.append(message["params"]["id"])
            if message["params"]["id"] in self.requests:
                self.requests[message["params"]["id"]].cancelled.set()
            return
        request = self.requests[message["id"]] = Request(self, message)
        self.bridge.requests.append(request)
        thread = threading.Thread(target=self._answer, args=(request,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _answer(self, request: Request) -> None:
        try:
            answer = {"result": self.bridge.handlers[request.method](request)}
        except Silence:
            return
        except Refusal as refusal:
            answer = {"error": refusal.error}
        except Exception as error:
            # Not a wait without end: the test then fails with these words.
            answer = {"error": Refusal("ProtocolError", f"the script of this test: {error!r}").error}
        self.send(json.dumps({"id": request.id, **answer}, ensure_ascii=False).encode() + b"\n")

    def send(self, line: bytes) -> None:
        with self._writing:
            try:
                self.socket.sendall(line)
            except OSError:
                pass

    def close(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class ScriptedBridge:
    """Listens on an abstract socket. `handlers` answer by method; a handler returns a result, raises `Refusal`, or
    raises `Silence`. `tools` answer the method `call` by the tool's name.
    """

    def __init__(self) -> None:
        self.name = f"@exec-mcp-test-{secrets.token_hex(8)}"
        self.requests: list[Request] = []
        self.cancelled: list[Any] = []
        self.connections: list[Connection] = []
        # What a new connection hears before it is closed; None serves it.
        self.last_words: bytes | None = None
        self.closed = threading.Semaphore(0)
        self.tools: dict[str, Callable[[Request], Json] | Json] = {}
        self.handlers: dict[str, Callable[[Request], Any]] = {"call": self._call, "tool": self._no_tool}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind("\0" + self.name[1:])
        self._listener.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _no_tool(request: Request) -> Any:
        raise Refusal("ToolNotFound", f"there is no tool {request.params['tool']}")

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._listener.accept()
            except OSError:
                return
            if self.last_words is not None:
                opened.sendall(self.last_words)
                opened.close()
                continue
            connection = Connection(self, opened)
            self.connections.append(connection)
            threading.Thread(target=connection.serve, daemon=True).start()

    def _call(self, request: Request) -> Json:
        tool = self.tools.get(request.params["tool"])
        if tool is None:
            raise Refusal("ToolNotFound", f"no tool {request.params['tool']!r}.", didYouMean=sorted(self.tools))
        return tool(request) if callable(tool) else tool

    def calls(self) -> list[Json]:
        """The parameters of the calls so far."""
        return [request.params for request in self.requests if request.method == "call"]

    def close(self) -> None:
        self._listener.close()
        for connection in self.connections:
            connection.close()


def text(*texts: str, **members: Any) -> Json:
    """A result of text blocks."""
    return {"content": [{"type": "text", "text": one} for one in texts], **members}
