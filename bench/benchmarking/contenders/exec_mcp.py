"""exec-mcp itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from support import engine, host_processes
from support.stdio_client import server_binary

from benchmarking.client import Client

NAME = "exec-mcp"


def start(user: str, mark: str, *options: str, environment: Mapping[str, str] | None = None) -> Client:
    """Starts a server for a user; `mark` is put into its environment, by which its processes are found."""
    quiet = {"MCP_EXECUTOR_LOG_LEVEL": "error", host_processes.MARK: mark}
    return Client([server_binary(), "--user", user, *options], {**os.environ, **quiet, **(environment or {})})


def engine_process(server: Client, user: str) -> int:
    """The engine's command line that holds the user's sandbox: a child of the server."""
    for child in host_processes.children(server.pid):
        if f"{engine.NAME_PREFIX}{user}-".encode() in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise LookupError(f"the server holds no sandbox of {user}")


def run_arguments(server: Client, user: str) -> list[str]:
    """What the engine was told to start the user's sandbox with, from `run` up to the image, but for its name."""
    words = Path(f"/proc/{engine_process(server, user)}/cmdline").read_bytes().decode().split("\0")
    words = words[words.index("run") : words.index("--entrypoint")]
    # The labels say whose it is, and a stranger's container with them would be taken for the server's own.
    for option in ("--name", "--label"):
        while option in words:
            at = words.index(option)
            del words[at : at + 2]
    return words
