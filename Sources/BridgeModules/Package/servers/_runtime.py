"""What the generated modules are made with: `Server`, and the tools that it makes callable."""

import sys

from servers import _bridge, _errors, _lines

_VAR_KEYWORDS = 0x08
# The types of functions, without an import.
_Function = type(lambda: None)


class Server:
    """An MCP server in a generated module.

    `table` is JSON: one entry per tool with its real name and the real names of renamed parameters. A tool is known by
    its index, so that no foreign text is part of the code.
    """

    def __init__(self, name, table):
        self.name = name
        self._table = table
        self._entries = None
        module = sys._getframe(1).f_globals
        if str(module.get("__name__")).startswith("servers."):
            module["__getattr__"] = lambda name: self._unlisted(name, module)

    def entry(self, index):
        """Returns a tool's real name and the real names of its renamed parameters, by their Python names."""
        if self._entries is None:
            entries = _lines.decode(self._table)
            self._entries = [(entry[0], entry[1] if len(entry) > 1 else {}) for entry in entries]
        return self._entries[index]

    def _unlisted(self, name, module):
        """Returns a tool that the module has no function for: it is new, or one of too many."""
        text = f"module {module['__name__']!r} has no attribute {name!r}"
        if name.startswith("_"):
            raise AttributeError(text)
        from servers import _helpers

        try:
            details = _helpers.tool_details(self.name, name)
        except _errors.ToolError as error:
            if _is_import(sys._getframe(2)):
                text = f"cannot import name {name!r} from {module['__name__']!r}: {error}"
                raise ImportError(text, name=module["__name__"]) from None
            # So that `hasattr` and the like work as with every module.
            raise AttributeError(f"{text}: {error}") from None
        server = Server(self.name, "[]")
        server._entries = [(details.get("name") or name, {})]
        function = _Function(_any_tool.__code__, globals(), name)
        function.__doc__, function.__module__ = str(details), module["__name__"]
        module[name] = server.tool(0, function)
        return module[name]

    def tool(self, index, function):
        """Returns the tool that `function` describes."""
        return Tool(self, index, function)

    def call(self, index, values):
        """Calls a tool with the values of its parameters by their Python names."""
        return perform(self, index, values, ())


def _is_import(frame):
    """Whether a frame asks for an attribute by `from module import name`, which would replace the message of an
    AttributeError by its own.
    """
    from opcode import opmap

    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]


class Tool:
    """A tool of an MCP server. Call it with keyword arguments; it returns data, and raises ToolError on failure."""

    def __init__(self, server, index, function):
        self._server = server
        self._index = index
        self.__wrapped__ = function
        self.__name__ = self.__qualname__ = function.__name__
        self.__module__ = function.__module__
        self.__doc__ = function.__doc__
        self._binder = None

    # Makes `help` and `inspect` treat it as the function that it describes.
    def __get__(self, instance, owner=None):
        return self

    def __call__(self, /, *args, **kwargs):
        try:
            return self._perform(self._bind(args, kwargs))
        except _errors.ToolError as error:
            failure = error
        # One frame of this package in tracebacks, not five.
        raise failure.with_traceback(None)

    def raw(self, /, *args, **kwargs):
        """Calls the tool and returns its result unconverted: {"content": [...], "structuredContent": ..., "isError":
        ..., "files": [...]}. Does not raise if the tool reports a failure.
        """
        return self._perform(self._bind(args, kwargs), is_raw=True)

    async def aio(self, /, *args, **kwargs):
        """Calls the tool in a thread. Cancelling the await cancels the call."""
        from servers import _together

        values = self._bind(args, kwargs)
        return await _together.in_thread(lambda: self._perform(values))

    @property
    def parameters(self):
        """The names of the parameters; required ones end with a star."""
        code = self.__wrapped__.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        positional = code.co_varnames[: code.co_argcount]
        optional = set(self.__wrapped__.__kwdefaults__ or ())
        optional.update(positional[len(positional) - len(self.__wrapped__.__defaults__ or ()) :])
        return [name if name in optional else name + "*" for name in names]

    @property
    def _extra(self):
        """The name of the parameter that takes any further arguments; None if there is none."""
        code = self.__wrapped__.__code__
        if not code.co_flags & _VAR_KEYWORDS:
            return None
        return code.co_varnames[code.co_argcount + code.co_kwonlyargcount]

    def _perform(self, values, is_raw=False):
        return perform(self._server, self._index, values, self.parameters, self._extra, is_raw)

    def _bind(self, args, kwargs):
        """Returns the values of the parameters, as Python itself assigns them to the function's parameters."""
        if self._are_all(args, kwargs):
            args, kwargs = (), args[0]
        try:
            return self._bound(args, kwargs)
        except TypeError as error:
            problem = str(error)
        # Forms that say what they mean: the only argument is the dict of all, or a name is a parameter's real name.
        if len(args) == 1 and isinstance(args[0], dict) and not kwargs:
            args, kwargs = (), args[0]
        renamed = {real: name for name, real in self._server.entry(self._index)[1].items()}
        try:
            return self._bound(args, {renamed.get(str(name), str(name)): value for name, value in kwargs.items()})
        except TypeError:
            pass
        raise _errors.ToolInputError(
            problem, self._server.name, self._server.entry(self._index)[0], None, self.parameters
        ) from None

    def _are_all(self, args, kwargs):
        """Whether the only argument is the dict of all arguments. It is, if its keys are names of parameters and the
        parameter that it would be the value of takes no dict.
        """
        code = self.__wrapped__.__code__
        if len(args) != 1 or kwargs or code.co_argcount != 1 or not isinstance(args[0], dict):
            return False
        kind = str(self.__wrapped__.__annotations__.get(code.co_varnames[0], "Any"))
        if "dict" in kind or "Any" in kind:
            return False
        renamed = self._server.entry(self._index)[1]
        names = {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *renamed.values()}
        return names.issuperset(args[0])

    def _bound(self, args, kwargs):
        if self._binder is None:
            # The same function, with a server that returns the values instead of calling the tool.
            function = self.__wrapped__
            scope = {"_server": _Recorder, "__builtins__": __builtins__}
            binder = _Function(function.__code__, scope, function.__name__, function.__defaults__)
            binder.__kwdefaults__ = function.__kwdefaults__
            self._binder = binder
        return self._binder(*args, **kwargs)

    def __repr__(self):
        signature = (self.__doc__ or "").strip().partition("\n")[0] or f"{self.__name__}(...)"
        return f"<tool {self._server.name}.{signature}>"

    def __reduce__(self):
        # By its name, as a function is.
        return self.__name__


class _Recorder:
    @staticmethod
    def call(index, values):
        return values


_server = _Recorder


def _any_tool(**arguments):
    return _server.call(0, locals())


def perform(server, index, values, parameters=(), extra=None, is_raw=False):
    """Calls a tool of a generated module."""
    tool, renamed = server.entry(index)
    values = {name: value for name, value in values.items() if value is not ...}
    further = values.pop(extra, None) if extra else None
    arguments = {renamed.get(name, name): value for name, value in values.items()}
    for name, value in (further or {}).items():
        arguments.setdefault(name, value)
    return call(server.name, tool, arguments, None, parameters, is_raw)


def call(server, tool, arguments, timeout=None, parameters=(), is_raw=False):
    """Calls a tool by its real name. `server` may be None if `tool` names both."""
    from servers import _arguments, _values

    params = {"server": server, "tool": tool}
    try:
        params["arguments"] = _arguments.convert(arguments)
        if timeout is not None:
            params["timeout"] = _seconds(timeout)
    except _errors.ToolInputError as error:
        raise _errors.ToolInputError(error.text, server, tool, None, parameters) from None
    if server is None:
        del params["server"]
    result = _bridge.request("call", params, server, tool, parameters)
    if server is None:
        server, tool = _place_of(tool)
    return _values.raw(result, server, tool) if is_raw else _values.value_of(result, server, tool, parameters)


def _place_of(name):
    server, separator, tool = name.partition("__")
    return (server, tool) if separator else (None, name)


def _seconds(timeout):
    if hasattr(timeout, "total_seconds"):
        timeout = timeout.total_seconds()
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
        raise _errors.ToolInputError("timeout must be a positive number of seconds.")
    return timeout
