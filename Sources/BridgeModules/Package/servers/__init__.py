"""Tools of the MCP servers outside the sandbox, one module per server.

    from servers import git
    git.git_log(repo_path="/r", max_count=50)     # returns data; a failure raises ToolError

`list_servers()` and `search_tools("what to do")` find tools; the docstring of a tool describes its arguments.
Every tool also has `.raw(...)` for the unconverted result and `.aio(...)` to await it.
"""

import sys

_LAZY = {
    "ToolError": "_errors",
    "ToolNotFound": "_errors",
    "ServerNotFound": "_errors",
    "ToolInputError": "_errors",
    "ToolDenied": "_errors",
    "ApprovalRequired": "_errors",
    "ToolTimeout": "_errors",
    "ServerUnavailable": "_errors",
    "BudgetExceeded": "_errors",
    "ToolInterrupted": "_errors",
    "ResultTooLarge": "_errors",
    "ProtocolError": "_errors",
    "NotRecorded": "_errors",
    "File": "_files",
    "Link": "_files",
}

# Also the names that no module of a server has.
__all__ = [
    "call_tool",
    "search_tools",
    "search",
    "together",
    "list_servers",
    "list_tools",
    "tool_details",
    "list_resources",
    "read_resource",
    "list_prompts",
    "get_prompt",
    "callMCPTool",
    "call_mcp_tool",
    "list_mcp_tools",
    "get_mcp_tool_details",
    *_LAZY,
]


def call_tool(server, tool=None, arguments=None, *, timeout=None, raw=False, **more):
    """call_tool(server, tool, arguments={}, *, timeout=None, raw=False) -> the tool's result as data

    Calls a tool by its real name. `call_tool("git__git_log", {...})` works too.

    Args:
        server: the server's name.
        tool: the tool's name.
        arguments: a dict of the tool's arguments.
        timeout: seconds; the server's limit by default.
        raw: whether to return the unconverted result, as `.raw()` of a tool does.
        more: arguments of the tool, beside or instead of the dict.
    """
    from servers import _helpers

    return _helpers.call_tool(server, tool, arguments, more, timeout, raw)


def search_tools(query, server=None, limit=10):
    """search_tools(query, server=None, limit=10) -> lines to print, best match first

    Finds tools by words of what they do. Each line is a signature and a description; the lines have the attributes
    `server`, `tool`, `signature` and `summary`.
    """
    from servers import _helpers

    return _helpers.search_tools(query, server, limit)


def together(function, arguments, *, at_once=8, errors="raise"):
    """together(function, arguments, *, at_once=8, errors="raise") -> list of results, in the order of `arguments`

    Calls a tool, or any function, once per entry of `arguments`, several at a time.

        together(git.git_show, [{"repo_path": "/r", "revision": c} for c in commits])

    Args:
        function: what to call: a tool, its name ("git.git_show"), or a function.
        arguments: one entry per call: a dict of keyword arguments, or else the only argument.
        at_once: the maximum number of calls at the same time.
        errors: "raise" starts no further call after one has failed, and raises the first error, which has the
            attributes `index` and `results`; "return" puts each error in the place of its result.
    """
    from servers import _together

    return _together.together(function, arguments, at_once, errors)


def list_servers():
    """list_servers() -> lines to print, one per server: name, number of tools, state, summary"""
    from servers import _helpers

    return _helpers.list_servers()


def list_tools(server=None):
    """list_tools(server=None) -> lines to print, one per tool: signature and summary; of all servers by default"""
    from servers import _helpers

    return _helpers.list_tools(server)


def tool_details(server, tool=None):
    """tool_details(server, tool) -> dict with description, inputSchema, outputSchema; prints as the tool's docstring

    `tool_details("git__git_log")` works too.
    """
    from servers import _helpers

    return _helpers.tool_details(server, tool)


def list_resources(server):
    """list_resources(server) -> list of Link, each with `.uri`, `.name` and `.read()`; prints one per line"""
    from servers import _helpers

    return _helpers.list_resources(server)


def read_resource(server, uri):
    """read_resource(server, uri) -> str, or File for binary content; a list if there are several contents"""
    from servers import _helpers

    return _helpers.read_resource(server, uri)


def list_prompts(server):
    """list_prompts(server) -> lines to print, one per prompt: name, arguments, summary"""
    from servers import _helpers

    return _helpers.list_prompts(server)


def get_prompt(server, name, arguments=None):
    """get_prompt(server, name, arguments={}) -> list of {"role", "content"}; prints as text"""
    from servers import _helpers

    return _helpers.get_prompt(server, name, arguments)


def search(query, server=None, limit=10):
    """search(query, server=None, limit=10) -> the same as search_tools"""
    return search_tools(query, server, limit)


def callMCPTool(name, input=None):
    """callMCPTool(name, input={}) -> the tool's result as data; the name is "server__tool" """
    return call_tool(name, None, input)


def call_mcp_tool(name, arguments=None, **more):
    """call_mcp_tool(name, arguments={}) -> the tool's result as data; the name is "server__tool" """
    return call_tool(name, None, arguments, **more)


def list_mcp_tools(server=None):
    """list_mcp_tools(server=None) -> list of names "server__tool", of all servers by default"""
    from servers import _helpers

    return _helpers.tool_names(server)


def get_mcp_tool_details(name):
    """get_mcp_tool_details(name) -> the same as tool_details; the name is "server__tool" """
    return tool_details(name)


def __getattr__(name):
    home = _LAZY.get(name)
    if home:
        from importlib import import_module

        value = globals()[name] = getattr(import_module("servers." + home), name)
        return value
    if not name.startswith("_"):
        from importlib import import_module

        try:
            return import_module("servers." + name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            message = str(error)
        raise AttributeError(message)
    raise AttributeError(f"module 'servers' has no attribute {name!r}")


def __dir__():
    from servers import _helpers

    return sorted({*globals(), *__all__, *_helpers.modules()})


class _MissingServers:
    """Explains the import of a module that does not exist. Is asked last, after every real finder."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        package, _, module = name.partition(".")
        if package == "servers" and module and not module.startswith("_"):
            from servers import _helpers

            # With the whole name, `from servers import …` would replace the message by its own.
            raise ModuleNotFoundError(_helpers.missing_server(module), name=module)
        return None


sys.meta_path.append(_MissingServers)
