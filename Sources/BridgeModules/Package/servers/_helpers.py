"""The functions of the package that are not tools themselves: discovery, resources, prompts, calls by name."""

import os

from servers import _arguments, _bridge, _errors, _lines, _runtime, _values


class Lines(list):
    """A list that prints as one entry per line."""

    # A last line that isn't an entry.
    remark = ""

    def __str__(self):
        return "\n".join([*map(str, self), *filter(None, [self.remark])])

    __repr__ = __str__


class ToolLine(str):
    """A line about a tool, with the attributes `server`, `tool`, `signature`, `summary` and `refused`."""

    __slots__ = ("server", "tool", "name", "signature", "summary", "refused")

    def __new__(cls, entry, server):
        signature = _text(entry, "signature") or f"{_text(entry, 'python') or _text(entry, 'name')}(...)"
        summary = _values.first_sentence(_text(entry, "summary"))
        place = f"servers.{_text(entry, 'module') or module_of(server)}.{signature}"
        if entry.get("byName"):
            place = f"servers.call_tool({server!r}, {_text(entry, 'name')!r}, {{…}})  # {signature}"
        refusal = entry.get("refused") if isinstance(entry.get("refused"), dict) else {}
        mark = ""
        if refusal:
            mark = "[needs approval" if refusal.get("needsApproval") else "[refused"
            mark += f" by the rule: {_text(refusal, 'rule')}]"
        elif entry.get("changed"):
            mark = "[changed since it was first seen]"
        remark = " ".join(filter(None, [mark, summary]))
        self = super().__new__(cls, f"{place}  # {remark}" if remark else place)
        # Why it does not run, and what would let it; empty if it runs.
        self.refused = _text(refusal, "reason")
        self.server = server
        self.tool = self.name = _text(entry, "name")
        self.signature = signature
        self.summary = summary
        return self

    def __getitem__(self, key):
        return self.get(key) if isinstance(key, str) else str.__getitem__(self, key)

    def get(self, key, default=None):
        """Returns an attribute, for code that expects a dict."""
        return getattr(self, key, default) if key in self.__slots__ else default

    def __reduce__(self):
        return _reduced(self)


class ServerLine(str):
    """A line about a server, with the attributes `name`, `module`, `tools` (their number), `state` and `summary`."""

    __slots__ = ("name", "module", "tools", "state", "summary")

    def __new__(cls, entry):
        name, count = _text(entry, "name"), entry.get("tools", 0)
        module, state = _text(entry, "module") or module_of(name), _text(entry, "state")
        summary = _values.first_sentence(_text(entry, "summary"))
        line = f"servers.{module}" + (f" ({name})" if name != module else "")
        line += f": {count} tool{'' if count == 1 else 's'}, {state}"
        if isinstance(entry.get("changed"), int) and entry["changed"] > 0:
            line += f", {entry['changed']} changed since first seen"
        # The words of tools' names are quoted, because they are the server's own.
        remark = _values.first_sentence(_text(entry, "error")) or (f'"{summary}"' if summary else "")
        self = super().__new__(cls, f"{line}  # {remark}" if remark else line)
        self.name, self.module, self.tools, self.state, self.summary = name, module, count, state, summary
        return self

    def __reduce__(self):
        return _reduced(self)


def _reduced(line):
    return _restored_line, (type(line), str.__str__(line), {name: getattr(line, name) for name in line.__slots__})


def _restored_line(kind, text, attributes):
    line = str.__new__(kind, text)
    for name, value in attributes.items():
        setattr(line, name, value)
    return line


class Details(dict):
    """What is known about a tool. Prints as its docstring."""

    def __str__(self):
        return _text(self, "docstring") or dict.__repr__(self)


def call_tool(server, tool, arguments, more, timeout, raw):
    if isinstance(tool, dict) and arguments is None:
        tool, arguments = None, tool
    server, tool = place_of(server, tool)
    if more:
        arguments = {**_arguments.convert(arguments), **more}
    return _runtime.call(server, tool, arguments, timeout, (), raw)


def place_of(server, tool=None):
    """Returns a server's and a tool's name for the bridge; the server is None if only the bridge can tell."""
    line = server if isinstance(server, ToolLine) and tool is None else tool
    if isinstance(line, ToolLine):
        return line.server, line.tool
    if isinstance(server, _runtime.Tool):
        return server._server.name, server._server.entry(server._index)[0]
    if tool is not None:
        return _name(server), _name(tool)
    name = _name(server)
    name = name[len("servers.") :] if name.startswith("servers.") else name
    if "__" in name or "." not in name:
        return None, name
    server, _, tool = name.partition(".")
    return server, tool


def named_tool(name):
    """Returns a function that calls the tool with this name."""
    server, tool = place_of(name)
    return lambda **arguments: _runtime.call(server, tool, arguments)


def search_tools(query, server, limit):
    params = {"query": query if isinstance(query, str) else " ".join(map(str, query)), "limit": limit}
    if server is not None:
        params["server"] = _name(server)
    answer = _ask("search", params)
    lines = Lines(ToolLine(entry, _text(entry, "server")) for entry in _list(answer, "tools"))
    matched, of = answer.get("matched", len(lines)), answer.get("of")
    if of is not None and (not lines or matched != len(lines)):
        lines.remark = f"# {len(lines)} of {matched} matches among {of} tools"
        similar = [str(name) for name in _list(answer, "didYouMean", str)]
        if not lines and similar:
            lines.remark += f"; did you mean: {', '.join(similar)}"
    return lines


def list_servers():
    lines = Lines(map(ServerLine, servers()))
    lines.remark = "" if lines else "# no servers"
    return lines


def servers():
    """Returns what the bridge knows about each server."""
    return _list(_ask("servers", {}), "servers")


def list_tools(server):
    if server is None:
        lines = Lines()
        for entry in servers():
            if entry.get("tools"):
                lines.extend(list_tools(_text(entry, "name")))
        return lines
    server = _name(server)
    lines = Lines(ToolLine(entry, server) for entry in _list(_ask("tools", {"server": server}, server), "tools"))
    if any(line.refused for line in lines):
        lines.remark = f"# why a tool is refused, and what would allow it: mcp help {server} TOOL"
    return lines


def tool_names(server):
    return Lines(f"{line.server}__{line.tool}" for line in list_tools(server))


def tool_details(server, tool=None):
    server, tool = place_of(server, tool)
    params = {"server": server, "tool": tool} if server is not None else {"tool": tool}
    return Details(_ask("tool", params, server, tool))


def list_resources(server):
    server = _name(server)
    answer = _ask("resources", {"server": server}, server)
    lines = _Resources(_values.link_of(entry, server) for entry in _list(answer, "resources"))
    lines.templates = [_text(entry, "uriTemplate") for entry in _list(answer, "templates")]
    if lines.templates:
        lines.remark = "# also: " + ", ".join(lines.templates)
    return lines


class _Resources(Lines):
    templates = ()

    def __str__(self):
        lines = [f"{link}  # {link.name}" if link.name != link else str(link) for link in self]
        return "\n".join([*lines, *filter(None, [self.remark])])

    __repr__ = __str__


def read_resource(server, uri):
    server, uri = _name(server), str(uri)
    return _values.value_of_contents(_ask("read", {"server": server, "uri": uri}, server), server, uri)


def list_prompts(server):
    server = _name(server)
    return Lines(_prompt_line(entry) for entry in _list(_ask("prompts", {"server": server}, server), "prompts"))


def get_prompt(server, name, arguments):
    server, name = _name(server), _name(name)
    # A prompt's arguments are text in the protocol.
    texts = {str(key): value if isinstance(value, str) else _as_text(value) for key, value in (arguments or {}).items()}
    answer = _ask("prompt", {"server": server, "name": name, "arguments": texts}, server)
    messages = _Messages()
    for message in _list(answer, "messages"):
        content = message.get("content")
        blocks = content if isinstance(content, list) else [content]
        values = _values.values_of([block for block in blocks if isinstance(block, dict)], server, name, False)
        messages.append({"role": message.get("role"), "content": values[0] if len(values) == 1 else values})
    return messages


class _Messages(list):
    def __str__(self):
        return "\n\n".join(f"{message['role']}: {message['content']}" for message in self)


def modules():
    """Returns the names of the servers' modules."""
    try:
        names = os.listdir(os.path.dirname(__file__))
    except OSError:
        return []
    return sorted(name[:-3] for name in names if name.endswith(".py") and not name.startswith("_"))


def missing_server(name):
    """Returns why there is no module with this name, and which there are."""
    known = modules()
    if not known:
        return f"no server {name!r}: no MCP server is set up here."
    import difflib

    similar = difflib.get_close_matches(name.lower(), known, 3, 0.5)
    hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
    shown = ", ".join(known[:40]) + (f" and {len(known) - 40} more" if len(known) > 40 else "")
    return f"no server {name!r}.{hint} Servers: {shown}"


def module_of(server):
    """Returns the Python name of a server, as far as it follows from its own."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in server)


def _ask(method, params, server=None, tool=None):
    answer = _bridge.request(method, params, server, tool)
    return answer if isinstance(answer, dict) else {}


def _list(answer, key, kind=dict):
    values = answer.get(key)
    return [value for value in values if isinstance(value, kind)] if isinstance(values, list) else []


def _text(entry, key):
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _name(value):
    """Returns a name: modules of servers are accepted for their names."""
    if isinstance(value, ServerLine):
        return value.name
    if isinstance(value, str):
        return str.__str__(value)
    server = getattr(value, "_server", None)
    if isinstance(server, _runtime.Server):
        return server.name
    if isinstance(value, _runtime.Tool):
        return value.__name__
    raise _errors.ToolInputError(f"a name must be text, not {type(value).__name__}.")


def _as_text(value):
    value = _arguments.convert({"value": value}).get("value")
    return value if isinstance(value, str) else _lines.encode(value).decode().rstrip("\n")


def _prompt_line(entry):
    arguments = _list(entry, "arguments")
    names = [_text(argument, "name") + ("*" if argument.get("required") else "") for argument in arguments]
    line = f"{_text(entry, 'name')}({', '.join(names)})"
    summary = _values.first_sentence(_text(entry, "description"))
    return f"{line}  # {summary}" if summary else line
