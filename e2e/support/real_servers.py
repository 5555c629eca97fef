"""MCP servers from PyPI, as entries of a file of MCP servers. e2e/environment.sh installs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.stdio_client import REPOSITORY

Json = dict[str, Any]


def program(name: str, environment: str = "servers") -> str:
    """The path of a server's program. `servers-mcp1` has those that need the 1.x line of `mcp`."""
    path = REPOSITORY / ".venv" / environment / "bin" / name
    assert path.exists(), f"{path} is missing: run e2e/environment.sh"
    return str(path)


def time() -> Json:
    return {"command": program("mcp-server-time"), "args": ["--local-timezone", "Asia/Kolkata"]}


def git(repository: Path, **settings: Any) -> Json:
    arguments = ["--repository", str(repository)]
    return {"command": program("mcp-server-git"), "args": arguments, "exec-mcp": settings}


def ecommerce(**settings: Any) -> Json:
    """70 tools over records that it makes up at its start."""
    return {
        "command": program("mcp-server-ecommerce"),
        "env": {"ECOM_ADAPTER": "memory"},
        "exec-mcp": settings,
    }


def fetch() -> Json:
    arguments = ["--ignore-robots-txt", "--allow-private-ips"]
    settings = {"tools": {"allow": ["fetch"]}}
    return {"command": program("mcp-server-fetch"), "args": arguments, "exec-mcp": settings}


def calculator() -> Json:
    settings = {"tools": {"allow": ["*"]}}
    return {"command": program("mcp-server-calculator", "servers-mcp1"), "exec-mcp": settings}


def sqlite(database: Path) -> Json:
    settings = {"tools": {"allow": ["*"]}}
    command = program("mcp-server-sqlite", "servers-mcp1")
    return {"command": command, "args": ["--db-path", str(database)], "exec-mcp": settings}


def everything_wrong(**settings: Any) -> Json:
    """What a malicious server does: it changes descriptions after a call, hides instructions, asks for too much."""
    return {"command": program("mcp-server-everything-wrong", "servers-mcp1"), "exec-mcp": settings}
