"""Runs a table of tools as an MCP server over standard input and output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
# What `python -m` finds these programs under.
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Offer:
    """A tool: what is said of it, and what it does."""

    name: str
    description: str
    schema: Json
    run: Callable[..., Any]
    """Gets the arguments by name. What is no text is sent as JSON."""


def properties(**described: str) -> Json:
    """The schema of arguments that are all required texts, from their descriptions."""
    members = {name: {"type": "string", "description": text} for name, text in described.items()}
    return {"type": "object", "properties": members, "required": list(members)}


def entry(module: str, *options: str) -> Json:
    """The entry of such a program in a file of MCP servers. All of its tools may be called."""
    return {
        "command": sys.executable,
        "args": ["-m", f"benchmarking.tokens.servers.{module}", *options],
        "env": {"PYTHONPATH": str(ROOT)},
        "exec-mcp": {"tools": {"allow": ["*"]}},
    }


def serve(name: str, offers: Sequence[Offer]) -> None:
    """Answers until the input ends."""
    import anyio
    import mcp_types as types
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server

    table = {offer.name: offer for offer in offers}
    tools = [types.Tool(name=offer.name, description=offer.description, input_schema=offer.schema) for offer in offers]

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            value = table[params.name].run(**(params.arguments or {}))
        except Exception as error:
            text = types.TextContent(text=f"Error during execution: {error}")
            return types.CallToolResult(content=[text], is_error=True)
        # As text, what JSON has no type for.
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return types.CallToolResult(content=[types.TextContent(text=text)])

    server: Server[Any] = Server(name, version="1.0.0", on_list_tools=list_tools, on_call_tool=call_tool)

    async def answer() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(answer)
