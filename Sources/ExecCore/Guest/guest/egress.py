"""The way out: an HTTP proxy on the sandbox's loopback whose connections are calls to the server, which decides about
each and makes it. The sandbox itself has no network.
"""

import json
import select
import socket
import time

from guest import frames, guest_calls, proxying

# Others wait at the listening socket.
MOST_CONNECTIONS = 64

_READ_SIZE = 64 * 1024
# A client has so long to say where it wants to go.
_HEAD_SECONDS = 30.0
# A client that has said all it has to say may be gone altogether. Where the system does not show which, it is given up
# when nothing comes for so long.
_SILENT_SECONDS = 120.0
_LOOK_SECONDS = 2.0


class Egress:
    """Takes clients, each of which has a call of its own."""

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
        """Does `work` for a client. What nobody has thought of ends its connection, not the sandbox."""
        try:
            work()
        except Exception as error:
            self._log(f"a connection has failed: {type(error).__name__}: {error}")
            client.lose()

    def begin_call(self, client, host, port):
        """Asks the server for a connection. Returns the call's number."""

        def take(kind, payload):
            self.guard(client, lambda: client.take(kind, payload))

        return self._calls.begin("connect", {"host": host, "port": port}, take)

    def end_call(self, number):
        self._calls.end(number)

    def forget(self, client):
        """The client is gone and its call over."""
        self._clients.discard(client)
        self._listen()

    def rest(self):
        """There is no server: clients are let go of, and new ones wait at the listening socket."""
        self._is_resting = True
        self._listen()
        for client in list(self._clients):
            client.let_go()

    def go_on(self):
        """Another server is there."""
        self._is_resting = False
        self._listen()

    def seconds_to_wait(self):
        """How long until the clock is to be looked at; None where nothing waits for it."""
        return None if self._next_look is None else max(0.0, self._next_look - time.monotonic())

    def look_at_clock(self):
        """Gives up clients that have been silent for too long."""
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
            # There is no descriptor for it. It waits until the next look.
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
        # The call; None before there is one and when it is over.
        self._number = None
        # What the client has said and the server does not take yet.
        self._from_client = bytearray()
        # What makes the host's answer fit for the client; None for a tunnel.
        self._response = None
        # What the server will still take; nothing before the connection to the host is there.
        self._credit = 0
        # What waits for the client to read it, and how much it has read since the server was told.
        self._to_client = bytearray()
        self._taken = 0
        self._is_asked = False
        self._is_open = False
        self._client_ended = False
        self._host_ended = False
        self._is_shut = False
        # What is to be written are the last words: then the client is let go.
        self._is_closing = False
        self._last_use = time.monotonic()
        self._events = None
        self._listen()

    # What happens at the socket

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
            # Both directions are closed: nothing can be written, and what is not read yet nobody takes.
            self._lose_client()
        else:
            if events & select.EPOLLOUT:
                self._write()
            # What was ready when the events were taken may not be wanted any more: the call may have ended since.
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
        """The connection to the host is there."""
        if self._is_open:
            return
        self._is_open = True
        if self._response is None:
            self._say(proxying.ESTABLISHED, 0)

    def _say(self, data, count):
        """Writes to the client what `count` bytes of the host have become: only those are told as taken."""
        self._to_client += data
        self._taken += count - len(data)
        self._write()

    def _pass_on_first_bytes(self):
        """Sends what came before the server took anything, as far as it takes it now."""
        if self._from_client and self._credit > 0 and self._connection and self._number is not None:
            piece = bytes(self._from_client[: self._credit])
            del self._from_client[: len(piece)]
            self._pass_on(piece)

    def _end(self, kind, payload):
        """The server has ended the call."""
        self._egress.end_call(self._number)
        self._number = None
        if not self._connection:
            self._egress.forget(self)
        elif kind == frames.FAILURE and not self._is_open:
            refusal = json.loads(payload)
            self._close_with(proxying.refusal(refusal["code"], refusal["message"]))
        else:
            self._close_with(b"")

    # Ends

    def _close_with(self, last_words):
        self._is_closing = True
        self._to_client += last_words
        self._write()

    def _lose_client(self):
        """The client is gone: nobody wants its connection any more."""
        if self._number is not None:
            self._egress.send(frames.frame(frames.CANCEL, self._number))
        self._drop_client()

    def let_go(self):
        """The server is gone, and the call with it."""
        if self._number is not None:
            self._egress.end_call(self._number)
            self._number = None
        if self._connection:
            self._drop_client()
        else:
            self._egress.forget(self)

    def lose(self):
        """Something is wrong with the client: it is let go, as far as it is still there."""
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
        """Whether nothing has moved for a while: its socket does not tell that a client is gone before all is read."""
        return self._connection is not None and now - self._last_use >= _LOOK_SECONDS

    def look_at_clock(self, now, orphans):
        if not self.is_quiet(now):
            return
        limit = _SILENT_SECONDS if self._is_asked else _HEAD_SECONDS
        is_over = self._client_ended or self._is_closing or not self._is_asked
        if self._port in orphans or (is_over and now - self._last_use > limit):
            self._lose_client()


def _orphans():
    """The local ports whose sockets no process holds any more, as the kernel lists them."""
    ports = set()
    try:
        with open("/proc/net/tcp") as table:
            next(table, None)
            for line in table:
                # Local address and port, and the ninth after it the inode, which is 0 for a socket that nobody has.
                words = line.split()
                if words[9] == "0":
                    ports.add(int(words[1].rpartition(":")[2], 16))
    except (OSError, ValueError, IndexError):
        pass
    return ports
