"""The faults: each hits one user's sandbox, from outside or from inside."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

from support import engine, host_processes

from soaking.connection import Connection
from soaking.ledger import Ledger

# Seconds between two faults.
PAUSE = (0.5, 4.0)


def keep_injecting(
    connection: Connection, users: list[str], chance: random.Random, ledger: Ledger, stop: threading.Event
) -> None:
    kinds = {
        "killed command line": kill_command_line,
        "removed container": remove_container,
        "killed container": kill_container,
        "massacre inside": kill_everything_inside,
        "memory run out": run_out_of_memory,
    }
    while not stop.wait(chance.uniform(*PAUSE)):
        kind, user = chance.choice(sorted(kinds)), chance.choice(users)
        ledger.hit(kind, user)
        kinds[kind](connection, user)
        # It may have taken its time: what began meanwhile is excused too.
        ledger.hit_again(user)


def kill_command_line(connection: Connection, user: str) -> None:
    """The engine's command line is a child of the server."""
    for child in host_processes.children(connection.pid):
        try:
            if f"mcp-executor-{user}-" in Path(f"/proc/{child}/cmdline").read_text():
                os.kill(child, signal.SIGKILL)
        except OSError:
            continue


def remove_container(connection: Connection, user: str) -> None:
    for container in engine.containers(user):
        engine.run("rm", "--force", container, check=False)


def kill_container(connection: Connection, user: str) -> None:
    for container in engine.containers(user):
        engine.run("kill", container, check=False)


def kill_everything_inside(connection: Connection, user: str) -> None:
    _bash(connection, user, "kill -9 -1")


def run_out_of_memory(connection: Connection, user: str) -> None:
    _bash(connection, user, "python3 -c 'x = bytearray(b\"x\" * 2_000_000_000)'")


def _bash(connection: Connection, user: str, command: str) -> None:
    arguments = {"command": command, "timeout": 20}
    call = {"name": "execute_bash", "arguments": arguments, "_meta": {"x-user-id": user}}
    connection.request("tools/call", call, 120)
