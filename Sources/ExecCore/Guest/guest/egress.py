"""Egress: an HTTP proxy on the sandbox's loopback interface. Each connection is a call to the server, which decides
whether to allow it and opens it. The sandbox itself has no network.
"""

import json
import select
import socket
import time

from guest import frames, guest_calls, proxying

# Further connections wait in the backlog of the listening socket.
MOST_CONNECTIONS = 64

_READ_SIZE = 64 * 1024
# How long a client may take to send the head of its request.
_HEAD_SECONDS = 30.0
# A client that has shut down its sending side may be gone altogether. If the kernel doesn't reveal that, the connection
# is closed after this long without traffic.
_SILENT_SECONDS = 120.0
_LOOK_SECONDS = 2.0


class Egress:
    """Accepts clients of the proxy. Each has a call of its own."""

    def __init__(self, poll, calls, log, port):
        self.poll = poll
        self.send = calls.send
        self._calls = calls
        self._log = log
        self._clients = set()
        self._next_look = None
        self._is_resting = False
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(256)
        self._listen()

    def guard(self, client, work):
        """Runs `work` for a client. An unexpected error ends its connection, not the sandbox."""
        try:
            work()
        except Exception as error:
            self._log(f"a connection has failed: {type(error).__name__}: {error}")
            client.lose()

    def begin_call(self, client, host, port):
        """Requests a connection from the server. Returns the call's number."""

        def take(kind, payload):
            self.guard(client, lambda: client.take(kind, payload))

        return self._calls.begin("connect", {"host": host, "port": port}, take)

    def end_call(self, number):
        self._calls.end(number)

    def forget(self, client):
        """Removes a client that is gone and whose call has ended."""
        self._clients.discard(client)
        self._listen()

    def rest(self):
        """Handles the loss of the server: drops all clients and accepts no new ones; they wait in the backlog."""
        self._is_resting = True
        self._listen()
        for client in list(self._clients):
            client.let_go()

    def go_on(self):
        """Accepts clients again, because another server has connected."""
        self._is_resting = False
        self._listen()

    def seconds_to_wait(self):
        """Returns the seconds until the next idle check; None if none is scheduled."""
        return None if self._next_look is None else max(0.0, self._next_look - time.monotonic())

    def look_at_clock(self):
        """Drops clients that have been idle for too long."""
        now = time.monotonic()
        if self._next_look is None or now < self._next_look:
            return
        orphans = _orphans() if any(client.is_quiet(now) for client in self._clients) else ()
        for client in list(self._clients):
            self.guard(client, lambda client=client: client.look_at_clock(now, orphans))
        self._next_look = now + _LOOK_SECONDS if self._clients else None
        self._listen()

    def _listen(self):
        if self._is_resting:
            self.poll.off(self._listener.fileno())
        else:
            self.poll.on(self._listener.fileno(), select.EPOLLIN, lambda events: self._accept())

    def _accept(self):
        self._next_look = self._next_look or time.monotonic() + _LOOK_SECONDS
        if len(self._clients) >= MOST_CONNECTIONS:
            self.poll.off(self._listener.fileno())
            return
        try:
            connection, (_, port) = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            # No descriptor is available. The client waits until the next idle check.
            self.poll.off(self._listener.fileno())
            return
        connection.setblocking(False)
        self._clients.add(Client(self, connection, port))


class Client:
    """One client of the proxy, from its request to the end of its call."""

    def __init__(self, egress, connection, port):
        self._egress = egress
        self._port = port
        # The socket; None once the client is gone.
        self._connection = connection
        # The call's number; None before it starts and after it has ended.
        self._number = None
        # Bytes from the client for which the server has granted no credit yet.
        self._from_client = bytearray()
        # Rewrites the head of the host's response; None for a tunnel.
        self._response = None
        # Flow control: the bytes that the server still accepts; 0 until the connection to the host is established.
        self._credit = 0
        # Bytes that wait for the client to read them, and the number read since the last WINDOW frame.
        self._to_client = bytearray()
        self._taken = 0
        self._is_asked = False
        self._is_open = False
        self._client_ended = False
        self._host_ended = False
        self._is_shut = False
        # Whether to close the connection once all pending bytes are written.
        self._is_closing = False
        self._last_use = time.monotonic()
        self._events = None
        self._listen()

    # Socket events

    def _listen(self):
        if not self._connection:
            return
        events = select.EPOLLIN if self._wants_input() else 0
        if self._to_client:
            events |= select.EPOLLOUT
        if events != self._events:
            self._events = events
            guard = self._egress.guard
            self._egress.poll.on(
                self._connection.fileno(), events, lambda events: guard(self, lambda: self._hear(events))
            )

    def _wants_input(self):
        if self._client_ended or self._is_closing:
            return False
        return not self._is_asked or (self._number is not None and self._credit > 0)

    def _hear(self, events):
        self._last_use = time.monotonic()
        if events & select.EPOLLERR:
            self._lose_client()
        elif events & select.EPOLLHUP and not self._wants_input():
            # Both directions are closed: nothing can be written, and there is no use for bytes that are not read yet.
            self._lose_client()
        else:
            if events & select.EPOLLOUT:
                self._write()
            # Check again whether input is wanted: the call may have ended since the events were collected.
            if events & (select.EPOLLIN | select.EPOLLHUP) and self._connection and self._wants_input():
                self._read()
        self._listen()

    def _read(self):
        try:
            data = self._connection.recv(min(_READ_SIZE, self._credit) if self._is_asked else _READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            self._lose_client()
            return
        if not self._is_asked:
            self._take_head(data)
        elif data:
            self._pass_on(data)
        else:
            self._client_ended = True
            self._egress.send(frames.frame(frames.END, self._number))

    def _write(self):
        try:
            while self._to_client:
                count = self._connection.send(memoryview(self._to_client)[:_READ_SIZE])
                del self._to_client[:count]
                self._taken += count
        except BlockingIOError:
            pass
        except OSError:
            self._lose_client()
            return
        if self._is_closing:
            if not self._to_client:
                self._drop_client()
            return
        if self._number is not None and self._taken >= guest_calls.WINDOW // 4:
            self._egress.send(frames.frame(frames.WINDOW, self._number, self._taken.to_bytes(4, "big")))
            self._taken = 0
        if self._host_ended and not self._to_client and not self._is_shut:
            self._is_shut = True
            try:
                self._connection.shutdown(socket.SHUT_WR)
            except OSError:
                self._lose_client()

    # From the client to the server

    def _take_head(self, data):
        self._from_client += data
        try:
            parts = proxying.split_head(self._from_client)
            if parts is None:
                if not data:
                    self._drop_client()
                return
            target = proxying.target(parts[0])
        except proxying.BadRequest as error:
            self._close_with(proxying.refusal("bad", str(error)))
            return
        self._is_asked = True
        self._response = None if target.prologue is None else proxying.Response()
        self._from_client = bytearray((target.prologue or b"") + parts[1])
        self._number = self._egress.begin_call(self, target.host, target.port)

    def _pass_on(self, data):
        self._credit -= len(data)
        self._egress.send(frames.data_frames(self._number, 0, data))

    # From the server to the client

    def take(self, kind, payload):
        self._last_use = time.monotonic()
        if kind in (frames.RESULT, frames.FAILURE):
            self._end(kind, payload)
        elif not self._connection:
            return
        elif kind == frames.WINDOW:
            self._credit += int.from_bytes(payload, "big")
            self._open()
            self._pass_on_first_bytes()
        elif kind == frames.DATA:
            data = memoryview(payload)[1:]
            self._say(self._response.feed(data) if self._response else data, len(data))
        elif kind == frames.END:
            self._host_ended = True
            self._say(self._response.finish() if self._response else b"", 0)
        self._listen()

    def _open(self):
        """Handles the establishment of the connection to the host, which the first WINDOW frame signals."""
        if self._is_open:
            return
        self._is_open = True
        if self._response is None:
            self._say(proxying.ESTABLISHED, 0)

    def _say(self, data, count):
        """Writes `data`, which `count` bytes of the host have become, to the client. Only `count` bytes are granted to
        the server again.
        """
        self._to_client += data
        self._taken += count - len(data)
        self._write()

    def _pass_on_first_bytes(self):
        """Sends bytes that arrived before the server had granted credit, as far as the credit allows now."""
        if self._from_client and self._credit > 0 and self._connection and self._number is not None:
            piece = bytes(self._from_client[: self._credit])
            del self._from_client[: len(piece)]
            self._pass_on(piece)

    def _end(self, kind, payload):
        """Handles the end of the call by the server."""
        self._egress.end_call(self._number)
        self._number = None
        if not self._connection:
            self._egress.forget(self)
        elif kind == frames.FAILURE and not self._is_open:
            refusal = json.loads(payload)
            self._close_with(proxying.refusal(refusal["code"], refusal["message"]))
        else:
            self._close_with(b"")

    # Closing

    def _close_with(self, last_words):
        self._is_closing = True
        self._to_client += last_words
        self._write()

    def _lose_client(self):
        """Cancels the call of a client that is gone, and drops the client."""
        if self._number is not None:
            self._egress.send(frames.frame(frames.CANCEL, self._number))
        self._drop_client()

    def let_go(self):
        """Drops the client because the server is gone, and its call with it."""
        if self._number is not None:
            self._egress.end_call(self._number)
            self._number = None
        if self._connection:
            self._drop_client()
        else:
            self._egress.forget(self)

    def lose(self):
        """Drops the client after an error, if it is still connected."""
        if self._connection:
            self._lose_client()

    def _drop_client(self):
        self._egress.poll.off(self._connection.fileno())
        self._connection.close()
        self._connection = None
        self._to_client.clear()
        if self._number is None:
            self._egress.forget(self)

    def is_quiet(self, now):
        """Returns whether there was no traffic for a while. Such a client may be gone: its socket doesn't show that
        before everything is read.
        """
        return self._connection is not None and now - self._last_use >= _LOOK_SECONDS

    def look_at_clock(self, now, orphans):
        if not self.is_quiet(now):
            return
        limit = _SILENT_SECONDS if self._is_asked else _HEAD_SECONDS
        is_over = self._client_ended or self._is_closing or not self._is_asked
        if self._port in orphans or (is_over and now - self._last_use > limit):
            self._lose_client()


def _orphans():
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
