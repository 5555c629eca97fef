"""The command `mcp`: tools of MCP servers for shell scripts."""

import os

from servers import _bridge, _cli_arguments, _cli_output, _errors, _helpers, _values

HELP = """\
mcp: tools of the MCP servers outside the sandbox

  mcp                                    the servers, their number of tools, their state
  mcp list SERVER                        a server's tools
  mcp search WORDS...                    tools by what they do
  mcp help SERVER TOOL                   a tool's arguments and result
  mcp call SERVER TOOL [--NAME VALUE]... calls a tool
  mcp read SERVER URI                    reads a resource
  mcp resources SERVER                   a server's resources
  mcp prompts SERVER                     a server's prompts
  mcp prompt SERVER NAME [--NAME VALUE]  a prompt's messages
  mcp log [NUMBER]                       the latest calls
  mcp connect                            passes lines of JSON between this program's input and output and the bridge

Arguments of a tool: --name VALUE or --name=VALUE, dashes for underscores; a switch is --name or --no-name; repeat
--name for a list; --name-json JSON gives any value; --json '{...}' gives all, --json - reads them from standard input.
Before SERVER: --raw prints the unconverted result, --timeout SECONDS limits the call.

Data is printed as JSON, text as it is, files as their paths: they are saved in /workspace/.mcp, or in $MCP_FILES.
Exit status: 0 done, 1 the tool failed, 2 wrong usage or unknown name, 3 server unavailable or too late, 4 denied or
not approved yet, 5 over a limit.
"""

_STATUS = (
    ((_errors.ToolNotFound, _errors.ToolInputError), 2),
    ((_errors.ServerUnavailable, _errors.ToolTimeout, _errors.ToolInterrupted, _errors.NotRecorded), 3),
    ((_errors.ToolDenied, _errors.ApprovalRequired), 4),
    ((_errors.BudgetExceeded,), 5),
)


class UsageError(Exception):
    """A command line that cannot be understood; the message says why."""


def main(arguments):
    """Runs the command. Returns its exit status."""
    import signal

    # Ends as other commands do when nobody reads their output any more, or when they are interrupted.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _open_missing_descriptors()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        _run(arguments)
    except _cli_output.OutputError as error:
        return _fail(str(error), 1)
    except UsageError as error:
        return _fail(f"{error}\nmcp --help shows how it is used.", 2)
    except _errors.ToolError as error:
        return _fail(str(error), next((status for kinds, status in _STATUS if isinstance(error, kinds)), 1))
    return 0


def _open_missing_descriptors():
    """Takes the place of standard input, output and error if they are closed: else the connection would. Such input and
    output fail as closed ones do.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest descriptor that is free.
            os.open(os.devnull, os.O_WRONLY if descriptor == 0 else os.O_RDONLY)


def _fail(text, status):
    try:
        _cli_output.write(f"mcp: {text}\n", 2)
    except _cli_output.OutputError:
        # The status says it as well.
        pass
    return status


def _run(arguments):
    if not arguments:
        _show_servers()
        return
    word, *rest = arguments
    if word in ("--help", "-h") or (word == "help" and not rest):
        _cli_output.write_text(HELP)
        return
    command = _COMMANDS.get(word)
    if not command:
        import difflib

        similar = difflib.get_close_matches(word, _COMMANDS, 1)
        hint = f" Did you mean {similar[0]}?" if similar else ""
        if rest and not hint:
            hint = f" To call a tool: mcp call {word} {rest[0]}"
        raise UsageError(f"unknown command {word!r}.{hint}")
    command(rest)


def _show_servers():
    _print_lines(_helpers.list_servers())


def _list(rest):
    _expect(rest, "list SERVER", 0, 1)
    _print_lines(_helpers.list_tools(rest[0]) if rest else _helpers.list_servers())


def _search(rest):
    options, words = _own_options(rest, {"--server": str, "--limit": _count}, len(rest))
    if not words:
        raise UsageError("mcp search WORDS...: say in words what the tool should do.")
    lines = _helpers.search_tools(" ".join(words), options.get("--server"), options.get("--limit", 10))
    _print_lines(lines)


def _help(rest):
    _expect(rest, "help SERVER TOOL", 1, 2)
    if len(rest) == 1 and "__" not in rest[0] and "." not in rest[0]:
        _print_lines(_helpers.list_tools(rest[0]))
        return
    details = _helpers.tool_details(*rest)
    _cli_output.write_text(_cli_arguments.usage(rest, details) + "\n\n" + str(details))


def _call(rest):
    options, rest = _own_options(rest, {"--raw": None, "--timeout": _cli_arguments.seconds, "--json": str}, 2)
    if not rest:
        raise UsageError("mcp call SERVER TOOL [--NAME VALUE]...: name a server and a tool.")
    names, words, details = _find_tool(rest)
    server, tool = _helpers.place_of(*names)
    if "--json" in options:
        words = ["--json", options["--json"], *words]
    parsed = _cli_arguments.parse(words, details)
    if parsed.wants_help:
        _cli_output.write_text(_cli_arguments.usage(names, details) + "\n\n" + str(details))
        return
    if server is not None:
        tool = details.get("name") or tool
    timeout = options.get("--timeout", parsed.timeout)
    params = {"tool": tool, "arguments": parsed.arguments}
    if server is not None:
        params["server"] = server
    if timeout is not None:
        params["timeout"] = timeout
    result = _bridge.request("call", params, server, tool, parsed.parameters)
    if server is None:
        server, _, tool = tool.partition("__")
    if "--raw" in options or parsed.is_raw:
        _cli_output.write_data(_values.raw(result, server, tool))
        if result.get("isError") is True:
            raise _values.failure_of(result, server, tool, parsed.parameters)
    else:
        _cli_output.write_result(result, server, tool, parsed.parameters)


def _find_tool(rest):
    """Returns the words that name a tool, the words after them, and what is known about the tool."""
    is_joined = "__" in rest[0] or "." in rest[0]
    if len(rest) > 1 and not rest[1].startswith("-"):
        try:
            return rest[:2], rest[2:], _helpers.tool_details(*rest[:2])
        except _errors.ServerNotFound:
            # The second word may be a value, if the first names both.
            if not is_joined:
                raise
    elif not is_joined:
        raise UsageError(f"mcp call {rest[0]} TOOL: name a tool. mcp list {rest[0]} shows them.")
    return rest[:1], rest[1:], _helpers.tool_details(rest[0])


def _read(rest):
    _expect(rest, "read SERVER URI", 2, 2)
    _cli_output.write_value(_helpers.read_resource(*rest))


def _resources(rest):
    _expect(rest, "resources SERVER", 1, 1)
    _print_lines(_helpers.list_resources(rest[0]))


def _prompts(rest):
    _expect(rest, "prompts SERVER", 1, 1)
    _print_lines(_helpers.list_prompts(rest[0]))


def _prompt(rest):
    if len(rest) < 2:
        raise UsageError("mcp prompt SERVER NAME [--NAME VALUE]...: name a server and a prompt.")
    schema = {"additionalProperties": {"type": "string"}}
    parsed = _cli_arguments.parse(rest[2:], {"name": rest[1], "inputSchema": schema})
    _cli_output.write_text(str(_helpers.get_prompt(rest[0], rest[1], parsed.arguments)))


def _log(rest):
    _expect(rest, "log [NUMBER]", 0, 1)
    params = {}
    if rest:
        try:
            params["limit"] = _count(rest[0])
        except ValueError:
            raise UsageError("mcp log NUMBER: the number of calls to show.") from None
    answer = _bridge.request("log", params)
    for entry in answer.get("calls") or []:
        fields = (entry.get(key) for key in ("time", "server", "tool", "ms", "bytes", "outcome", "command"))
        time, server, tool, ms, size, outcome, command = ("-" if field is None else str(field) for field in fields)
        line = f"{time}  {server}.{tool}  {ms} ms  {size} bytes  {outcome}  command {command}"
        _cli_output.write_text(line)


def _connect(rest):
    _expect(rest, "connect", 0, 0)
    from servers import _cli_connect

    _cli_connect.relay()


_COMMANDS = {
    "list": _list,
    "search": _search,
    "help": _help,
    "call": _call,
    "read": _read,
    "resources": _resources,
    "prompts": _prompts,
    "prompt": _prompt,
    "log": _log,
    "connect": _connect,
    "servers": lambda rest: _show_servers(),
}


def _print_lines(lines):
    text = str(lines)
    if text:
        _cli_output.write_text(text)


def _expect(rest, usage, least, most):
    if not least <= len(rest) <= most:
        raise UsageError(f"usage: mcp {usage}")


def _own_options(words, kinds, most):
    """Returns the options of `mcp` itself before the last of `most` plain words, and all other words."""
    options, rest = {}, []
    words = list(words)
    while words and len(rest) < most:
        word = words.pop(0)
        name, separator, value = word.partition("=")
        if name not in kinds:
            rest.append(word)
            if word.startswith("-") or "__" in word:
                # What follows are the arguments of a tool.
                break
            continue
        if kinds[name] is None:
            options[name] = True
            continue
        if not separator:
            if not words:
                raise UsageError(f"{name} needs a value.")
            value = words.pop(0)
        try:
            options[name] = kinds[name](value)
        except ValueError as error:
            raise UsageError(f"{name} {value}: {error}.") from None
    return options, rest + words


def _count(text):
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("it must be a whole number of at least 0")
    return int(text)
