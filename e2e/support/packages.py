"""The packages of a release, as `make dist` has made them of what is built here."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from support.stdio_client import REPOSITORY

TOOLS = REPOSITORY / ".venv" / "packaging" / "bin"
PROGRAMS = ("exec-mcp", "exec-agent")
# The programs as they are packed, with the list of their components.
PORTABLE = REPOSITORY / ".build" / "portable"
# Arguments of a Python that installs the wheel. Without an index: it needs nothing else.
PIP_INSTALL = ("-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check")


def directory() -> Path:
    """Where the packages under test are: DIST, or where `make test` puts them."""
    return REPOSITORY / os.environ.get("DIST", ".build/packages")


def only(pattern: str) -> Path:
    """The package whose name matches."""
    found = sorted(directory().glob(pattern))
    if len(found) != 1:
        pytest.fail(f"{directory()} has {len(found)} files {pattern}, not one: make dist DIST=.build/packages")
    return found[0]


def wheel() -> Path:
    return only("exec_mcp-*.whl")


def run(*command: str | Path, **options: object) -> str:
    """The output of a command, which has to succeed."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=240, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def version() -> str:
    """The version of the programs that were packed."""
    return run(PORTABLE / "exec-mcp", "--version").split()[-1]


def server_name() -> str:
    """The name in the MCP registry that the wheel was made with; empty for none."""
    with zipfile.ZipFile(wheel()) as archive:
        text = archive.read(f"exec_mcp-{version()}.dist-info/METADATA").decode()
    found = re.search(r"^<!-- mcp-name: (\S+) -->$", text, re.MULTILINE)
    return found[1] if found else ""


def install_wheel(python: str | Path, *options: str) -> None:
    run(python, *PIP_INSTALL, *options, wheel())
