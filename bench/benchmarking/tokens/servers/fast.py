"""A server that takes as little time as a Python program can, so that what is measured is the way to it.

    python -m benchmarking.tokens.servers.fast

Its results are put together before they are asked for; only the id is set in.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

NAME = "fast"
_ECHO = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
_BLOB = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}
TOOLS = [
    {"name": "echo", "description": "Returns a short text.", "inputSchema": _ECHO},
    {"name": "blob", "description": "Returns a text of so many bytes.", "inputSchema": _BLOB},
]


def text(words: str) -> bytes:
    return json.dumps({"content": [{"type": "text", "text": words}]}).encode()


def main() -> None:
    short = text("ok")
    blobs: dict[int, bytes] = {}
    for line in sys.stdin.buffer:
        message = json.loads(line)
        number = message.get("id")
        if number is None:
            continue
        params: dict[str, Any] = message.get("params") or {}
        if message["method"] == "tools/call":
            if params["name"] == "echo":
                answer(number, short)
            else:
                size = int(params["arguments"]["size"])
                if size not in blobs:
                    blobs[size] = text("x" * size)
                answer(number, blobs[size])
        elif message["method"] == "tools/list":
            answer(number, json.dumps({"tools": TOOLS}).encode())
        elif message["method"] == "initialize":
            about = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
            answer(number, json.dumps({**about, "serverInfo": {"name": NAME, "version": "1"}}).encode())
        elif message["method"] == "ping":
            answer(number, b"{}")
        else:
            write(
                b'{"jsonrpc":"2.0","id":%b,"error":{"code":-32601,"message":"unknown"}}\n' % json.dumps(number).encode()
            )


def answer(number: Any, result: bytes) -> None:
    write(b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (json.dumps(number).encode(), result))


def write(line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
