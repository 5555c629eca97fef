"""exec-mcp runs an agent's code in a private, hardened container. The programs are native; this package finds them."""

from __future__ import annotations

import os
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution

__all__ = ["find_program"]


def _candidates(name: str) -> list[str]:
    found = []
    # Where the installer says that it has put the file: right for every scheme, --user included.
    try:
        for path in distribution("exec-mcp").files or []:
            if path.name == name and path.parent.name == "bin":
                found.append(os.path.normpath(str(path.locate())))
    except PackageNotFoundError:
        pass
    # With --target, pip records wrong paths: the programs are below the target.
    found.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin", name))
    found.append(os.path.join(sysconfig.get_path("scripts"), name))
    found.append(os.path.join(os.path.dirname(sys.executable), name))
    return found


def find_program(name: str = "exec-mcp") -> str:
    """The path of an installed program: exec-mcp, or exec-agent."""
    for path in _candidates(name):
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(f"{name} is not where this package was installed: install exec-mcp again")
