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


def output(client: StdioClient, command: str) -> str:
    """What a command prints that imports, which takes long on a busy machine."""
    return client.bash(command, timeout=280, wait=PATIENCE)["stdout"]


def has_snapshot(client: StdioClient) -> bool:
    return output(client, f'python3 -c "{IN_USE}"') == "True\n"


def wait_for_snapshot(client: StdioClient) -> None:
    """Has a program ask for a snapshot, and returns once there is one. The server has to log at the level `debug`."""
    made = client.stderr.count(READY)
    if not has_snapshot(client):
        # Without calls meanwhile, which would keep the sandbox from making it.
        assert engine.poll(lambda: client.stderr.count(READY) > made, PATIENCE) is not None, client.stderr
        assert has_snapshot(client)


def require_launcher(client: StdioClient) -> None:
    if client.bash(f"test -x {DIRECTORY}/preloader.so")["exit_code"] != 0:
        pytest.skip("the image was built without the launcher: no compiler, another Python, or another architecture")
