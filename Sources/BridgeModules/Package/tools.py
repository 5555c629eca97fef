"""Search for tools of MCP servers: `tools.search` is `servers.search_tools`. The tools are in the package `servers`.

Directories called `tools` on the path stay importable, as if this module did not exist.
"""

import os
import sys

# Found on demand: a module called so in one of the directories comes first.
_NAMES = ("call_tool", "list_servers", "list_tools", "search", "search_tools", "tool_details")

__all__ = list(_NAMES)


class _Directories:
    """The directories called `tools` on the path, looked up anew each time, as for a namespace package."""

    def __iter__(self):
        places = (os.path.join(place or os.getcwd(), "tools") for place in sys.path if isinstance(place, str))
        return iter([place for place in places if os.path.isdir(place)])

    def __len__(self):
        return len(list(self))

    def __getitem__(self, index):
        return list(self)[index]


__path__ = _Directories()


def __getattr__(name):
    from importlib import import_module

    if not name.startswith("_"):
        try:
            return import_module("tools." + name)
        except ModuleNotFoundError as error:
            if error.name != "tools." + name:
                raise
    if name in _NAMES:
        return getattr(import_module("servers"), name)
    raise AttributeError(f"module 'tools' has no attribute {name!r}")
