"""`--python instant`, as tests see it."""

from __future__ import annotations

import pytest

from support import engine
from support.stdio_client import StdioClient

DIRECTORY = "/usr/libexec/exec-mcp"
IN_USE = "import numpy; print('memfd:python-snapshot' in open('/proc/self/maps').read())"
READY = "Python starts with its imports done"
# The preloader runs at a low priority.
PATIENCE = 600
ATTEMPTS = 5


def output(client: StdioClient, command: str) -> str:
    """What a command prints that imports, which takes long on a busy machine."""
    return client.bash(command, timeout=280, wait=PATIENCE)["stdout"]


def is_instant(client: StdioClient, command: str) -> bool:
    """Whether a command that runs `IN_USE` has a snapshot. A launcher that isn't answered in time does without, which
    happens on a busy machine."""
    return any(output(client, command) == "True\n" for _ in range(ATTEMPTS))


def has_snapshot(client: StdioClient) -> bool:
    return is_instant(client, f'python3 -c "{IN_USE}"')


def wait_for_snapshot(client: StdioClient) -> None:
    """Has a program ask for a snapshot, and returns once there is one. The server has to log at the level `debug`."""
    made = client.stderr.count(READY)
    if output(client, f'python3 -c "{IN_USE}"') != "True\n":
        # Without calls meanwhile, which would keep the sandbox from making it.
        assert engine.poll(lambda: client.stderr.count(READY) > made, PATIENCE) is not None, client.stderr
        assert has_snapshot(client)


def require_launcher(client: StdioClient) -> None:
    if client.bash(f"test -x {DIRECTORY}/preloader.so")["exit_code"] != 0:
        pytest.skip("the image was built without the launcher: no compiler, another Python, or another architecture")
