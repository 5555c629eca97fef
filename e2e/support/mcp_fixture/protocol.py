"""The wire: lines of JSON-RPC, both eras of the protocol at once, cancellation, progress, questions to the client."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

from contents import PROMPTS, RESOURCES, TEMPLATES, prompt, resource
from tools import Call, Failure

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
PREFIX = "io.modelcontextprotocol/"

Json = dict[str, Any]


class Protocol:
    def __init__(self, options: Any, tools: Any, journal: Any) -> None:
        self.options = options
        self.journal = journal
        self.tools = tools
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        self._calls: dict[Any, Call] = {}
        self._listeners: dict[Any, Json] = {}
        self._is_initialized = False
        # Questions of the legacy era that wait for the client's answer.
        self._questions: dict[Any, Any] = {}
        self._last_question = 0

    # Writing

    def write(self, message: Json) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode() + b"\n"
        with self._writing:
            view = memoryview(line)
            while view:
                view = view[os.write(1, view) :]
        if self.options.noise:
            self.write_noise()

    def write_noise(self) -> None:
        with self._writing:
            os.write(1, b"INFO listening\n\n{not json}\n[]\n3\n\xff\xfe\n  \n")

    def _answer(self, request: Any, result: Json, is_modern: bool) -> None:
        if is_modern:
            info = {"name": self.options.name, "version": self.options.version}
            result = {"resultType": "complete", "_meta": {PREFIX + "serverInfo": info}, **result}
        self.write({"id": request, "result": result})

    def _refuse(self, request: Any, code: int, text: str, data: Any = None) -> None:
        error = {"code": code, "message": text, **({} if data is None else {"data": data})}
        self.write({"id": request, "error": error})

    def notify(self, method: str, params: Json | None = None) -> None:
        self.write({"method": method, **({} if params is None else {"params": params})})

    # Reading

    def take(self, line: bytes) -> None:
        if not line.strip():
            return
        message = json.loads(line)
        self.journal.note("message", message=message)
        if "method" not in message:
            self._take_answer(message)
        elif "id" in message:
            self._take_request(message["id"], message["method"], message.get("params") or {})
        elif message["method"] == "notifications/cancelled":
            self._cancel(message["params"])

    def _cancel(self, params: Json) -> None:
        number = params.get("requestId")
        with self._lock:
            call = self._calls.get(number)
            listener = self._listeners.pop(number, None)
        tool = call.tool if call else "subscriptions/listen" if listener else None
        self.journal.note("cancelled", request=number, tool=tool, reason=params.get("reason"))
        if call:
            call.cancelled.set()

    def _take_request(self, number: Any, method: str, params: Json) -> None:
        version = (params.get("_meta") or {}).get(PREFIX + "protocolVersion")
        is_modern = version is not None
        if method == "initialize":
            if self.options.era == "modern":
                return self._refuse(number, -32601, "this server is of the modern era", {"supported": [MODERN]})
            wanted = params.get("protocolVersion")
            self._is_initialized = True
            result = {
                "protocolVersion": wanted if wanted in LEGACY else LEGACY[0],
                "capabilities": self._capabilities(),
                "serverInfo": {"name": self.options.name, "version": self.options.version},
            }
            return self._answer(number, result, False)
        if is_modern and self.options.era == "legacy":
            return self._refuse(number, -32601, f"unknown method {method}")
        if is_modern and version != MODERN:
            data = {"supported": [MODERN], "requested": version}
            return self._refuse(number, -32022, "unsupported protocol version", data)
        if not is_modern and method == "ping":
            return self._answer(number, {}, False)
        if not is_modern and not self._is_initialized:
            return self._refuse(number, -32602, f"_meta lacks {PREFIX}protocolVersion")
        handler = self._handlers().get(method)
        if handler is None:
            return self._refuse(number, -32601, f"unknown method {method}")
        return handler(number, params, is_modern)

    def _handlers(self) -> dict[str, Any]:
        return {
            "server/discover": self._discover,
            "subscriptions/listen": self._listen,
            "tools/list": lambda *request: self._list(*request, "tools", self.tools.listing()),
            "tools/call": self._call,
            "resources/list": lambda *request: self._list(*request, "resources", RESOURCES),
            "resources/templates/list": lambda *request: self._list(*request, "resourceTemplates", TEMPLATES),
            "resources/read": self._read,
            "prompts/list": lambda *request: self._list(*request, "prompts", PROMPTS),
            "prompts/get": self._prompt,
        }

    @staticmethod
    def _capabilities() -> Json:
        return {"tools": {"listChanged": True}, "resources": {}, "prompts": {}}

    def _discover(self, number: Any, params: Json, is_modern: bool) -> None:
        if not is_modern:
            return self._refuse(number, -32601, "unknown method server/discover")
        versions = [MODERN] if self.options.era == "modern" else [MODERN, *LEGACY]
        result = {"supportedVersions": versions, "capabilities": self._capabilities(), **CACHE}
        return self._answer(number, result, True)

    def _list(self, number: Any, params: Json, is_modern: bool, key: str, entries: list[Json]) -> None:
        size = self.options.page_size or len(entries) or 1
        try:
            begin = int(params.get("cursor") or 0)
        except ValueError:
            return self._refuse(number, -32602, "unknown cursor")
        result: Json = {key: entries[begin : begin + size]}
        if begin + size < len(entries):
            result["nextCursor"] = str(begin + size)
        return self._answer(number, {**result, **(CACHE if is_modern else {})}, is_modern)

    def _read(self, number: Any, params: Json, is_modern: bool) -> None:
        content = resource(params.get("uri"))
        if content is None:
            code = -32602 if is_modern else -32002
            return self._refuse(number, code, f"no resource {params.get('uri')}", {"uri": params.get("uri")})
        return self._answer(number, {"contents": [content], **(CACHE if is_modern else {})}, is_modern)

    def _prompt(self, number: Any, params: Json, is_modern: bool) -> None:
        found = prompt(params.get("name"), params.get("arguments") or {})
        if found is None:
            return self._refuse(number, -32602, f"no prompt {params.get('name')}")
        return self._answer(number, found, is_modern)

    def _listen(self, number: Any, params: Json, is_modern: bool) -> None:
        wanted = {key: True for key in ("toolsListChanged",) if (params.get("notifications") or {}).get(key)}
        with self._lock:
            self._listeners[number] = wanted
        meta = {PREFIX + "subscriptionId": number}
        self.notify("notifications/subscriptions/acknowledged", {"_meta": meta, "notifications": wanted})

    def tools_changed(self) -> None:
        """Tells every client that listens, each in its era's way."""
        if self._is_initialized:
            self.notify("notifications/tools/list_changed")
        with self._lock:
            listeners = [number for number, wanted in self._listeners.items() if wanted]
        for number in listeners:
            self.notify("notifications/tools/list_changed", {"_meta": {PREFIX + "subscriptionId": number}})

    # Calls

    def _call(self, number: Any, params: Json, is_modern: bool) -> None:
        name = params.get("name")
        run = self.tools.find(name)
        if run is None:
            return self._refuse(number, -32602, f"Unknown tool: {name}")
        call = Call(self, number, params, is_modern)
        with self._lock:
            self._calls[number] = call
        threading.Thread(target=self._run, args=(call, run), daemon=True).start()
        return None

    def _run(self, call: Call, run: Any) -> None:
        meta = call.params.get("_meta") or {}
        self.journal.note("call", tool=call.tool, arguments=call.arguments, request=call.number, meta=meta)
        try:
            result = run(call)
        except Failure as failure:
            with self._lock:
                self._calls.pop(call.number, None)
            return self._refuse(call.number, failure.code, str(failure), failure.data)
        except Exception as error:
            result = {"content": [{"type": "text", "text": f"{type(error).__name__}: {error}"}], "isError": True}
        with self._lock:
            self._calls.pop(call.number, None)
        self.journal.note("result", tool=call.tool, request=call.number, late=call.cancelled.is_set())
        # Nothing more is said about a call that was cancelled.
        if result is not None and not call.cancelled.is_set():
            self._answer(call.number, result, call.is_modern)
        return None

    # Questions of the legacy era

    def ask(self, method: str, params: Json, call: Call) -> Json | None:
        """Sends a request to the client. Returns its answer, or None if the call was cancelled first."""
        with self._lock:
            self._last_question += 1
            number = f"question-{self._last_question}"
            arrived = threading.Event()
            self._questions[number] = [arrived, None]
        self.write({"id": number, "method": method, "params": params})
        while not arrived.wait(0.02):
            if call.cancelled.is_set():
                return None
        return self._questions.pop(number)[1]

    def _take_answer(self, message: Json) -> None:
        question = self._questions.get(message.get("id"))
        if question:
            question[1] = message
            question[0].set()


CACHE = {"ttlMs": 0, "cacheScope": "private"}
