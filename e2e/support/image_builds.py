"""`exec-mcp image`, run by tests."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engine
from support.stdio_client import server_binary

BASES = ["python:3.12-slim-bookworm", "mcp-code-executor-base:local"]


def image(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [server_binary(), "image", *arguments],
        capture_output=True,
        text=True,
        timeout=900,
        cwd=cwd,
        env={**os.environ, **env},
        check=False,
    )


@contextlib.contextmanager
def one_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps the tests' builds from slowing each other down until they time out.

    Images are removed one at a time too: an engine without BuildKit removes with an image the intermediate ones that a
    build beside it has taken from its cache.
    """
    with open(tmp_path_factory.getbasetemp().parent / "image-builds.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def present_base() -> str:
    """A base that is here: the one that `make image` took."""
    for base in BASES:
        if engine.run("image", "ls", "--quiet", base).strip():
            return base
    raise AssertionError(f"none of {BASES} is here; make image makes one")
