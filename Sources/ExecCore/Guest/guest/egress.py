"""Egress: an HTTP proxy on the sandbox's loopback interface. Each connection is a call to the server, which decides
whether to allow it and opens it. The sandbox itself has no network.
"""

import json
import socket
import time

from guest import http_proxy, relay

# How long a client may take to send the head of its request.
_HEAD_SECONDS = 30.0
# A client that has shut down its sending side may be gone altogether. If the kernel doesn't reveal that, the connection
# is closed after this long without traffic.
_IDLE_SECONDS = 120.0


def start(loop, calls, log, port):
    """Starts the proxy on `port`. Returns None if `port` is 0 or can't be used."""
    if not port:
        return None
    try:
        return Egress(loop, calls, log, port)
    except OSError as error:
        log(f"outbound connections are not available, because the proxy could not start: {error.strerror}")
        return None


class Egress(relay.RelayServer):
    """Accepts clients of the proxy."""

    def __init__(self, loop, calls, log, port):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
        super().__init__(loop, calls, log, listener)

    def start_call(self, client, host, port):
        """Requests a connection from the server. Returns the call's number."""
        return self._calls.start("connect", {"host": host, "port": port}, self.frame_handler(client))

    def accept(self, connection, address):
        self._clients.add(Client(self, connection, address[1]))
        self.schedule_check()

    def on_full(self):
        # Further connections wait in the backlog of the listening socket.
        self.stop_listening()
        self.schedule_check()

    def check_clients(self, now):
        """Drops clients that have been idle for too long."""
        orphaned_ports = _orphaned_ports() if any(client.is_idle(now) for client in self._clients) else ()
        for client in list(self._clients):
            self.guard(client, lambda client=client: client.check_timers(now, orphaned_ports))
        return bool(self._clients)


class Client(relay.Relay):
    """One client of the proxy, from its request to the end of its call."""

    def __init__(self, egress, connection, port):
        super().__init__(egress, connection)
        self._port = port
        # Bytes from the client for which the server has granted no credit yet.
        self._from_client = bytearray()
        # Rewrites the head of the host's response; None for a tunnel.
        self._response = None
        self._has_request = False
        self._last_use = time.monotonic()
        self.listen()

    def wants_input(self):
        if self._has_request:
            return super().wants_input()
        return not self._client_ended and not self._is_closing

    def on_event(self, events):
        self._last_use = time.monotonic()
        super().on_event(events)

    def handle_frame(self, kind, payload):
        self._last_use = time.monotonic()
        super().handle_frame(kind, payload)

    def read(self):
        if self._has_request:
            super().read()
            return
        data = self.receive()
        if data is not None:
            self._read_head(data)

    def _read_head(self, data):
        self._from_client += data
        try:
            parts = http_proxy.split_head(self._from_client)
            if parts is None:
                if not data:
                    self.close_connection()
                return
            target = http_proxy.parse_target(parts[0])
        except http_proxy.BadRequestError as error:
            self.close_after(http_proxy.error_response("bad", str(error)))
            return
        self._has_request = True
        self._response = None if target.prologue is None else http_proxy.ResponseRewriter()
        self._from_client = bytearray((target.prologue or b"") + parts[1])
        self._number = self._server.start_call(self, target.host, target.port)

    def on_established(self):
        if self._response is None:
            self.send_to_client(http_proxy.ESTABLISHED, 0)

    def on_credit(self):
        """Sends bytes that arrived before the server had granted credit, as far as the credit allows now."""
        if self._from_client and self._credit > 0 and self._connection and self._number is not None:
            piece = bytes(self._from_client[: self._credit])
            del self._from_client[: len(piece)]
            self.forward(piece)

    def convert(self, data):
        return self._response.feed(data) if self._response else data

    def on_server_end(self):
        return self._response.finish() if self._response else b""

    def failure_text(self, payload):
        failure = json.loads(payload)
        return http_proxy.error_response(failure["code"], failure["message"])

    # Time

    def is_idle(self, now):
        """Returns whether there was no traffic for a while. Such a client may be gone: its socket doesn't show that
        before everything is read.
        """
        return self._connection is not None and now - self._last_use >= relay.CHECK_SECONDS

    def check_timers(self, now, orphaned_ports):
        if not self.is_idle(now):
            return
        limit = _IDLE_SECONDS if self._has_request else _HEAD_SECONDS
        is_complete = self._client_ended or self._is_closing or not self._has_request
        if self._port in orphaned_ports or (is_complete and now - self._last_use > limit):
            self.cancel()


def _orphaned_ports():
    """Returns the local ports of TCP sockets that no process holds open any more, as /proc/net/tcp lists them."""
    ports = set()
    try:
        with open("/proc/net/tcp") as table:
            next(table, None)
            for line in table:
                # Field 1 is the local address and port; field 9 the inode, which is 0 for a socket without a process.
                words = line.split()
                if words[9] == "0":
                    ports.add(int(words[1].rpartition(":")[2], 16))
    except (OSError, ValueError, IndexError):
        pass
    return ports
