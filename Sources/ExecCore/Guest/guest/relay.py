"""Relays: each connection that a program in the sandbox makes to a socket of the guest becomes a call to the server.

The guest passes on bytes in both directions, in windows: neither side sends more than the other accepts, so a client
that doesn't read stops its own connection only.
"""

import select
import socket
import time

from guest import frames, guest_calls

# The maximum number of connections to one socket.
MAX_CONNECTIONS = 64

_READ_SIZE = 64 * 1024
# How often timers are checked while any is needed.
CHECK_SECONDS = 2.0


class RelayServer:
    """Accepts connections. Each has a client, and each client a call of its own."""

    def __init__(self, loop, calls, log, listener):
        """`listener`: a listening socket."""
        self.loop = loop
        self.send = calls.send
        self._calls = calls
        self._log = log
        self._clients = set()
        self._next_check = None
        self._is_suspended = False
        self._listener = listener
        self._listener.setblocking(False)
        self._listen()

    def accept(self, connection, address):
        """Handles a new connection."""
        raise NotImplementedError

    def on_full(self):
        """Handles that a connection waits while there are as many as may be."""
        raise NotImplementedError

    def check_clients(self, now):
        """Checks the clients' timers. Returns whether to do so again."""
        return False

    def guard(self, client, work):
        """Runs `work` for a client. An unexpected error ends its connection, not the sandbox."""
        try:
            work()
        except Exception as error:
            self._log(f"a connection failed: {type(error).__name__}: {error}")
            client.fail()

    def frame_handler(self, client):
        """Returns what handles the frames of a client's call."""
        return lambda kind, payload: self.guard(client, lambda: client.handle_frame(kind, payload))

    def finish_call(self, number):
        self._calls.finish(number)

    def remove(self, client):
        """Removes a client that is gone and whose call has ended."""
        self._clients.discard(client)
        self._listen()

    def suspend(self):
        """Handles the loss of the server: drops all clients and accepts no new ones; they wait in the backlog."""
        self._is_suspended = True
        self._listen()
        for client in list(self._clients):
            client.drop()

    def resume(self):
        """Accepts clients again, because another server has connected."""
        self._is_suspended = False
        self._listen()

    def seconds_to_wait(self):
        """Returns the seconds until the next check of timers; None if none is scheduled."""
        return None if self._next_check is None else max(0.0, self._next_check - time.monotonic())

    def schedule_check(self):
        self._next_check = self._next_check or time.monotonic() + CHECK_SECONDS

    def check_timers(self):
        if self._next_check is None:
            return
        now = time.monotonic()
        if now < self._next_check:
            return
        self._next_check = now + CHECK_SECONDS if self.check_clients(now) else None
        self._listen()

    def _listen(self):
        if self._is_suspended:
            self.stop_listening()
        else:
            self.loop.register(self._listener.fileno(), select.EPOLLIN, lambda events: self._accept())

    def stop_listening(self):
        """Accepts no connections until a client is gone or timers have been checked."""
        self.loop.unregister(self._listener.fileno())

    def _accept(self):
        if len(self._clients) >= MAX_CONNECTIONS:
            self.on_full()
            return
        accepted = self.accept_connection()
        if accepted:
            self.accept(*accepted)

    def accept_connection(self):
        """Returns a connection and the client's address; None if there is none now."""
        try:
            connection, address = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return None
        except OSError:
            # No descriptor is available. The client waits until the next check of timers.
            self.stop_listening()
            self.schedule_check()
            return None
        connection.setblocking(False)
        return connection, address


class Relay:
    """One client, from its connection to the end of its call."""

    def __init__(self, server, connection):
        self._server = server
        # The socket; None once the client is gone.
        self._connection = connection
        # The call's number; None before it starts and after it has ended.
        self._number = None
        # Flow control: the bytes that the server still accepts; 0 until it has opened what the call is for.
        self._credit = 0
        # Bytes that wait for the client to read them, and the number read since the last WINDOW frame.
        self._to_client = bytearray()
        self._consumed = 0
        self._is_established = False
        self._client_ended = False
        self._server_ended = False
        self._is_shut = False
        # Whether to close the connection once all pending bytes are written.
        self._is_closing = False
        self._events = None

    # What kinds of clients do differently

    def on_established(self):
        """Handles that the server has opened what the call is for."""

    def on_server_end(self):
        """Handles the server's last byte. Returns bytes to write after it."""
        return b""

    def convert(self, data):
        """Returns the bytes to write to the client for bytes from the server."""
        return data

    def failure_text(self, payload):
        """Returns the bytes to write to the client for the failure of a call that was not established."""
        raise NotImplementedError

    # Socket events

    def listen(self):
        if not self._connection:
            return
        events = select.EPOLLIN if self.wants_input() else 0
        if self._to_client:
            events |= select.EPOLLOUT
        if events != self._events:
            self._events = events
            guard = self._server.guard
            self._server.loop.register(
                self._connection.fileno(), events, lambda events: guard(self, lambda: self.on_event(events))
            )

    def wants_input(self):
        return not self._client_ended and not self._is_closing and self._number is not None and self._credit > 0

    def on_event(self, events):
        if events & select.EPOLLERR:
            self.cancel()
        elif events & select.EPOLLHUP and not self.wants_input():
            # Both directions are closed: nothing can be written, and there is no use for bytes that are not read yet.
            self.cancel()
        else:
            if events & select.EPOLLOUT:
                self._write()
            # Check again whether input is wanted: the call may have ended since the events were collected.
            if events & (select.EPOLLIN | select.EPOLLHUP) and self._connection and self.wants_input():
                self.read()
        self.listen()

    def receive(self, limit=_READ_SIZE):
        """Returns bytes of the client; None if there are none now, or if it is gone."""
        try:
            return self._connection.recv(min(_READ_SIZE, limit))
        except BlockingIOError:
            return None
        except OSError:
            self.cancel()
            return None

    def read(self):
        data = self.receive(self._credit)
        if data:
            self.forward(data)
        elif data is not None:
            self._client_ended = True
            self._server.send(frames.frame(frames.END, self._number))

    def forward(self, data):
        self._credit -= len(data)
        self._server.send(frames.data_frames(self._number, 0, data))

    def _write(self):
        try:
            while self._to_client:
                count = self._connection.send(memoryview(self._to_client)[:_READ_SIZE])
                del self._to_client[:count]
                self._consumed += count
        except BlockingIOError:
            pass
        except OSError:
            self.cancel()
            return
        if self._is_closing:
            if not self._to_client:
                self.close_connection()
            return
        if self._number is not None and self._consumed >= guest_calls.WINDOW // 4:
            self._server.send(frames.frame(frames.WINDOW, self._number, self._consumed.to_bytes(4, "big")))
            self._consumed = 0
        if self._server_ended and not self._to_client and not self._is_shut:
            self._is_shut = True
            try:
                self._connection.shutdown(socket.SHUT_WR)
            except OSError:
                self.cancel()

    # From the server

    def handle_frame(self, kind, payload):
        if kind in (frames.RESULT, frames.FAILURE):
            self._on_call_end(kind, payload)
        elif not self._connection:
            return
        elif kind == frames.WINDOW:
            self._credit += int.from_bytes(payload, "big")
            if not self._is_established:
                self._is_established = True
                self.on_established()
            self.on_credit()
        elif kind == frames.DATA:
            data = memoryview(payload)[1:]
            self.send_to_client(self.convert(data), len(data))
        elif kind == frames.END:
            self._server_ended = True
            self.send_to_client(self.on_server_end(), 0)
        self.listen()

    def on_credit(self):
        """Handles that the server accepts more bytes."""

    def send_to_client(self, data, count):
        """Writes `data`, which `count` bytes of the server have become, to the client. Only `count` bytes are granted
        to the server again.
        """
        self._to_client += data
        self._consumed += count - len(data)
        self._write()

    def _on_call_end(self, kind, payload):
        self._server.finish_call(self._number)
        self._number = None
        if not self._connection:
            self._server.remove(self)
        elif kind == frames.FAILURE and not self._is_established:
            self.close_after(self.failure_text(payload))
        else:
            self.close_after(b"")

    # Closing

    def close_after(self, data):
        self._is_closing = True
        self._to_client += data
        self._write()

    def cancel(self):
        """Cancels the call of a client that is gone, and drops the client."""
        if self._number is not None:
            self._server.send(frames.frame(frames.CANCEL, self._number))
        self.close_connection()

    def drop(self):
        """Drops the client because the server is gone, and its call with it."""
        if self._number is not None:
            self._server.finish_call(self._number)
            self._number = None
        if self._connection:
            self.close_connection()
        else:
            self._server.remove(self)

    def fail(self):
        """Drops the client after an error, if it is still connected."""
        if self._connection:
            self.cancel()

    def close_connection(self):
        self._server.loop.unregister(self._connection.fileno())
        self._connection.close()
        self._connection = None
        self._to_client.clear()
        if self._number is None:
            self._server.remove(self)
