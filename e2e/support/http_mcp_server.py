"""A server of the official MCP SDK, 1.x or 2.x, over Streamable HTTP: prints its port when it listens.

`PYTHON http_mcp_server.py [--stateless] [--json] [--token TOKEN] [--journal FILE] [--certificate FILE]`
"""

from __future__ import annotations

import argparse
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import uvicorn

if version("mcp").startswith("1."):
    from mcp.server.fastmcp import Context, FastMCP
else:
    from mcp.server.mcpserver import Context
    from mcp.server.mcpserver import MCPServer as FastMCP

parser = argparse.ArgumentParser()
parser.add_argument("--stateless", action="store_true")
parser.add_argument("--json", action="store_true", help="responses are JSON instead of event streams")
parser.add_argument("--token", help="what the header Authorization must have")
parser.add_argument("--journal", type=Path)
parser.add_argument("--certificate", help="a file with a key and its certificate, for TLS")
options = parser.parse_args()

server = FastMCP("http")


def note(text: str) -> None:
    if options.journal:
        with options.journal.open("a") as file:
            file.write(text + "\n")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    note("add")
    return a + b


@server.tool()
def long(size: int) -> str:
    """Returns a long text."""
    return "é" * size


@server.tool()
def fail() -> str:
    """Fails."""
    raise ValueError("not today")


@server.tool()
async def slow(context: Context) -> str:
    """Reports progress, and waits until it is cancelled."""
    note("slow")
    await context.report_progress(1, 2, "half")
    try:
        await anyio.sleep_forever()
    except BaseException:
        note("cancelled")
        raise


@server.tool()
def leave() -> str:
    """Ends the server in the middle of the call."""
    import os

    os._exit(1)


def app() -> Any:
    if version("mcp").startswith("1."):
        server.settings.stateless_http = options.stateless
        server.settings.json_response = options.json
        return server.streamable_http_app()
    return server.streamable_http_app(stateless_http=options.stateless, json_response=options.json)


def guarded(inner: Any) -> Any:
    async def call(scope: dict[str, Any], receive: Any, send: Any) -> None:
        given = dict(scope.get("headers", [])).get(b"authorization", b"").decode()
        if scope["type"] == "http" and options.token and given != options.token:
            headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await inner(scope, receive, send)

    return call


# With the protocol's number, without which asyncio leaves out TCP_NODELAY.
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
uvicorn.Server(
    uvicorn.Config(guarded(app()), log_level="error", ssl_certfile=options.certificate, ssl_keyfile=options.certificate)
).run(sockets=[listener])
