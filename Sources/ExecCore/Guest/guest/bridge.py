"""The bridge: a Unix socket over which code in the sandbox calls tools of MCP servers. Each connection is a call to the
server, which answers the lines that arrive; the guest doesn't parse them.

The kernel says which process has connected, and its ancestors which command it belongs to. When a command ends, so do
its connections.
"""

import json
import os
import socket

from guest import attribution, relay

# In the abstract namespace, which needs no file: a leading @ stands for a zero byte.
NAME = "@exec-mcp-bridge"
# Where the programs are that the server installs.
_PROGRAMS = "/mcp/bin"

_BACKLOG = 128


def start(loop, guest_calls, log, calls, is_on):
    """Opens the socket, and sets the environment of commands. Returns None if the bridge is off or can't be opened."""
    if not is_on:
        return None
    try:
        opened = Bridge(loop, guest_calls, log, calls)
    except OSError as error:
        log(f"tools of other servers are not available, because the socket could not be opened: {error.strerror}")
        return None
    os.environ["MCP_BRIDGE"] = NAME
    # Before the directories of programs that pip installs, one of which may have the same name.
    os.environ["PATH"] = f"{_PROGRAMS}:{os.environ.get('PATH', os.defpath)}"
    return opened


class Bridge(relay.RelayServer):
    """Accepts clients of the bridge."""

    def __init__(self, loop, guest_calls, log, calls, name=NAME):
        """`calls`: the calls in progress."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(name.replace("@", "\0", 1))
        listener.listen(_BACKLOG)
        super().__init__(loop, guest_calls, log, listener)
        self._active_calls = calls
        calls.on_removed = self.on_call_end

    def start_call(self, client, command):
        """Announces a connection to the server. `command`: the number of the call that it belongs to, or None."""
        return self._calls.start("bridge", {"command": command}, self.frame_handler(client))

    def accept(self, connection, address):
        try:
            command, ancestors = attribution.command_of(connection, self._active_calls)
        except ProcessLookupError:
            # Whoever has the connection now got it from a process that can't be attributed any more.
            self._refuse(connection, "ToolInterrupted", "The process that has connected to the bridge is gone.")
            return
        client = Client(self, connection, command, ancestors)
        self._clients.add(client)
        client.start()

    def on_full(self):
        accepted = self.accept_connection()
        if not accepted:
            return
        text = f"The sandbox has {relay.MAX_CONNECTIONS} connections to the bridge, which is the limit."
        self._refuse(accepted[0], "BudgetExceeded", text)

    def on_piece_end(self, worker_pid):
        """Ends the connections of a Python session when a piece of its code has ended: the next piece may belong to
        another command. `worker_pid`: the process id of the session's worker.
        """
        for client in list(self._clients):
            if worker_pid in client.ancestors:
                self.guard(client, client.fail)

    @staticmethod
    def _refuse(connection, kind, text):
        try:
            connection.send(_error_line(kind, text))
        except OSError:
            pass
        connection.close()

    def on_call_end(self, call):
        """Ends the connections that belong to a call which has ended."""
        for client in list(self._clients):
            if client.command == call.number:
                self.guard(client, client.fail)


class Client(relay.Relay):
    """One client of the bridge."""

    def __init__(self, bridge, connection, command, ancestors):
        super().__init__(bridge, connection)
        # The process that has connected and its ancestors, as they were then.
        self.ancestors = ancestors
        # The number of the command that it belongs to; None if there is none.
        self.command = command

    def start(self):
        self._number = self._server.start_call(self, self.command)
        self.listen()

    def failure_text(self, payload):
        return _error_line("ServerUnavailable", str(json.loads(payload).get("message")))


def _error_line(kind, text):
    """Returns an answer that belongs to no request."""
    return json.dumps({"id": None, "error": {"type": kind, "message": text, "data": {}}}).encode() + b"\n"
