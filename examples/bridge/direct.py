"""Runs a script that imports `servers` without a sandbox and without exec-mcp: each call goes straight to its server.
Keeps what passes, which is what a model would have read and written if it had made the calls itself.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from client import Client

Json = dict[str, Any]


class Server(types.ModuleType):
    """A server as a module whose functions are its tools."""

    def __init__(self, name: str, client: Client, passed: list[str]) -> None:
        super().__init__(name)
        self._client = client
        self._passed = passed
        client.initialize()
        self._tools = {tool["name"]: tool for tool in client.request("tools/list")["tools"]}

    def definitions(self) -> list[str]:
        """The tools as a host shows them to a model."""
        members = ("name", "description", "inputSchema")
        return [json.dumps({key: tool.get(key) for key in members}) for tool in self._tools.values()]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.__dict__.get("_tools", {}):
            raise AttributeError(name)

        def call(*values: Any, **arguments: Any) -> Any:
            required = self._tools[name]["inputSchema"].get("required", [])
            arguments = {**dict(zip(required, values, strict=False)), **arguments}
            result = self._client.call_tool(name, **arguments)
            text = "".join(block["text"] for block in result["content"])
            self._passed += [json.dumps({"name": name, "arguments": arguments}), text]
            if "structuredContent" in result:
                return result["structuredContent"]
            return json.loads(text) if text[:1] in ("{", "[") else text

        return call


def together(function: Callable[..., Any], arguments: list[Any]) -> list[Any]:
    return [function(**entry) if isinstance(entry, dict) else function(entry) for entry in arguments]


class Direct:
    """Scripts without exec-mcp. `passed` has each call and each result, as text."""

    def __init__(self, entries: Json, environment: dict[str, str]) -> None:
        self.passed: list[str] = []
        self.definitions: list[str] = []
        self._closing = contextlib.ExitStack()
        self._package = types.ModuleType("servers")
        self._package.together = together
        for name, entry in entries.items():
            command = [entry["command"], *entry.get("args", [])]
            client = Client(command, {**environment, **entry.get("env", {})})
            self._closing.enter_context(client)
            server = Server(name, client, self.passed)
            self.definitions += server.definitions()
            setattr(self._package, name, server)

    def __enter__(self) -> Direct:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def run(self, script: Path, *arguments: str) -> str:
        """Returns what the script prints."""
        printed = io.StringIO()
        with self._imported(), contextlib.redirect_stdout(printed):
            before, sys.argv = sys.argv, [str(script), *arguments]
            try:
                runpy.run_path(str(script), run_name="__main__")
            finally:
                sys.argv = before
        return printed.getvalue()

    @contextlib.contextmanager
    def _imported(self) -> Iterator[None]:
        sys.modules["servers"] = self._package
        try:
            yield
        finally:
            del sys.modules["servers"]
