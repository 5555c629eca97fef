"""Fixtures of the bridge's tests: the package as it is installed in a sandbox, and a scripted server's end."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.scripted_bridge import ScriptedBridge

PACKAGE = Path(__file__).parents[2] / "Sources" / "BridgeModules" / "Package"

# What is generated for a server looks like this.
SHOP = '''\
"""shop: 7 tools of an MCP server."""
from servers import _runtime as _r

_server = _r.Server(
    "my shop",
    '[["find", {}], ["get-order", {"x_from": "from", "order_id": "order-id"}], ["free", {}], ["one", {}],'
    ' ["none", {}], ["self", {}], ["slow", {}]]',
)

def find(*, query: "str", limit: "int" = ..., tags: "list[str] | None" = ...) -> "list":
    """find(*, query: str, limit: int = ..., tags: list[str] | None = ...) -> list

    Finds articles.

    Args:
        query: what to look for.
    """
    return _server.call(0, locals())
find = _server.tool(0, find)

def get_order(*, order_id: "str", x_from: "str" = ...) -> "dict":
    """get_order(*, order_id: str, x_from: str = ...) -> dict"""
    return _server.call(1, locals())
get_order = _server.tool(1, get_order)

def free(**arguments: "Any") -> "Any":
    """free(**arguments: Any) -> Any"""
    return _server.call(2, locals())
free = _server.tool(2, free)

def one(name: "str", *, times: "int" = ...) -> "str":
    """one(name: str, *, times: int = ...) -> str"""
    return _server.call(3, locals())
one = _server.tool(3, one)

def none() -> "None":
    """none() -> None"""
    return _server.call(4, locals())
none = _server.tool(4, none)

def x_self(*, self: "str", values: "list" = ..., index: "int" = ...) -> "str":
    """x_self(*, self: str, values: list = ..., index: int = ...) -> str"""
    return _server.call(5, locals())
x_self = _server.tool(5, x_self)

def slow(seconds: "float") -> "str":
    """slow(seconds: float) -> str"""
    return _server.call(6, locals())
slow = _server.tool(6, slow)
'''


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that a sandbox has as /mcp."""
    directory = tmp_path_factory.mktemp("installed") / "mcp"
    shutil.copytree(PACKAGE, directory, ignore=shutil.ignore_patterns("__pycache__"))
    (directory / "servers" / "shop.py").write_text(SHOP)
    # As the guest does, since nothing in a sandbox writes compiled modules.
    assert compileall.compile_dir(directory, quiet=1)
    sys.path.insert(0, str(directory))
    sys.dont_write_bytecode = True
    return directory


@pytest.fixture
def bridge(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedBridge]:
    """A scripted server's end, which this process and its children find."""
    scripted = ScriptedBridge()
    monkeypatch.setenv("MCP_BRIDGE", scripted.name)
    monkeypatch.setenv("MCP_FILES", str(tmp_path / "files"))
    from servers import _values

    _values._remarks.clear()
    yield scripted
    scripted.close()
    from servers import _bridge

    _bridge._after_fork()


@pytest.fixture
def environment(bridge: ScriptedBridge, installed: Path) -> dict[str, str]:
    """The environment of a command in a sandbox."""
    return {
        **os.environ,
        "PYTHONPATH": str(installed),
        "PATH": f"{installed / 'bin'}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def run_python(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script in a process of its own."""

    def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *options, "-c", script], env=environment, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
def run_mcp(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command `mcp`."""

    def run(*arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["mcp", *arguments], env=environment, input=input, capture_output=True, text=True, timeout=60
        )

    return run
