"""Requests to the bridge, over the one connection that a process has."""

import atexit
import os
from _thread import allocate_lock

from servers import _connection, _errors

_NOT_HERE = (
    "no bridge to MCP servers is here. It exists in commands run by execute_bash, if exec-mcp was started with "
    "--mcp-config."
)
# Requests that may be sent again when their answer got lost. A call is never repeated.
_REPEATABLE = frozenset(("servers", "tools", "search", "tool", "resources", "prompts", "log"))

# The connection of this process, and a lock around its replacement.
_shared = None
_opening = allocate_lock()


def request(method, params, server=None, tool=None, parameters=None):
    """Sends a request and returns its result.

    Raises the `ToolError` that the answer holds, with `server`, `tool` and `parameters` in it.
    """
    current = _connection.current
    if leave_if_interrupted():
        # The ticket is that of the interrupted request.
        ticket, current.ticket = getattr(current, "ticket", None), None
        try:
            return _request(method, params, server, tool, parameters)
        finally:
            current.ticket = ticket
    ticket = getattr(current, "ticket", None)
    if ticket and ticket.is_cancelled:
        raise _errors.ToolInterrupted("the call was cancelled before it was made.", server, tool)
    current.is_asking = True
    try:
        return _request(method, params, server, tool, parameters)
    finally:
        current.is_asking = False


def leave_if_interrupted():
    """Makes the next request open another connection if this thread has interrupted a request of its own, as signal
    handlers and finalizers do: it holds locks, and nobody reads while it cannot go on. Returns whether that is so.
    """
    global _shared, _opening
    if not getattr(_connection.current, "is_asking", False):
        return False
    if any(connection is _shared for connection in _in_use()):
        _shared = None
    _opening = allocate_lock()
    return True


def _in_use():
    """Returns the connections of this thread's requests: of more than one, if a request has interrupted another."""
    current = _connection.current
    if not hasattr(current, "in_use"):
        current.in_use = []
    return current.in_use


def _request(method, params, server, tool, parameters):
    in_use = _in_use()
    for may_try_again in (True, False):
        connection = _connect()
        in_use.append(connection)
        try:
            return connection.wait(connection.begin(method, params))
        except _connection.NotSent as failure:
            if failure.reason is None and may_try_again:
                continue
            reason = failure.reason or _errors.ServerUnavailable("the bridge has closed the connection.")
            raise _named(reason, server, tool, parameters) from None
        except _connection.Refused as refusal:
            raise _errors.from_answer(refusal.error, server, tool, parameters) from None
        except _errors.ToolError as error:
            if error.text == _connection.LOST and method in _REPEATABLE and may_try_again:
                continue
            raise _named(error, server, tool, parameters) from None
        finally:
            in_use.pop()
            if connection is not _shared:
                connection.end_if_idle()


def open_socket():
    """Returns a new connected socket, for a program that speaks the protocol itself."""
    import socket

    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.settimeout(None)
    try:
        opened.connect(address())
    except OSError as error:
        opened.close()
        raise _errors.ServerUnavailable(f"the bridge does not answer: {error.strerror}.") from None
    return opened


def address():
    """Returns the socket's address. Raises `ServerUnavailable` if there is no bridge."""
    name = os.environ.get("MCP_BRIDGE", "")
    if not name:
        raise _errors.ServerUnavailable(_NOT_HERE)
    return b"\0" + os.fsencode(name[1:]) if name.startswith("@") else os.fsencode(name)


def _connect():
    global _shared
    with _opening:
        if _shared is None or _shared.has_ended:
            _shared = _connection.Connection(address())
        return _shared


def _close():
    if _shared:
        _shared.end()


def _named(error, server, tool, parameters):
    """Returns a copy of the error for this call: several calls may fail for the same reason."""
    return type(error)(error.text, server, tool, error.data, error.parameters or parameters)


def _after_fork():
    global _shared, _opening
    _opening = allocate_lock()
    _connection.reset()
    if _shared:
        _shared.drop()
        _shared = None


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_close)
