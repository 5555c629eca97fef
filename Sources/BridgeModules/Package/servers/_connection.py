"""The connection to the bridge: one JSON object per line, any number of requests in flight, no thread of its own.

The thread that waits for an answer reads for all: one at a time is the reader and hands the answers of the others to
them. A reading thread would be simpler, but a process with threads must not fork.
"""

from _struct import pack
from _thread import _local, allocate_lock

try:
    import _socket
except ImportError:  # an interpreter other than CPython
    import socket as _socket

from servers import _errors, _lines

# A signal that arrives just before a wait would be noticed at its end only, so no wait is longer than this. In seconds.
WAIT_SECONDS = 1

_READ_SIZE = 256 * 1024
_WRITE_SIZE = 1024 * 1024
LOST = "the connection to the bridge ended before the result arrived. What the call does may have happened."


class NotSent(Exception):
    """A request that could not be written, so nothing of it was carried out. `reason` is an error, or None."""

    def __init__(self, reason=None):
        super().__init__()
        self.reason = reason


class Ticket:
    """Cancels the requests that a thread makes while the ticket is its `current.ticket`."""

    def __init__(self):
        self._lock = allocate_lock()
        self._cancel = None
        self.is_cancelled = False

    def cancel(self):
        with self._lock:
            self.is_cancelled = True
            cancel = self._cancel
        if cancel:
            cancel()

    def attach(self, cancel):
        """Sets what to do on cancellation; does it at once if the ticket was cancelled before."""
        with self._lock:
            self._cancel = cancel
            is_late = self.is_cancelled and cancel is not None
        if is_late:
            cancel()


current = _local()


def reset():
    """Forgets the tickets of the process that this one was forked from."""
    global current
    current = _local()


class Pending:
    """A request without an answer yet."""

    __slots__ = ("id", "woken", "is_waiting", "answer")

    def __init__(self):
        self.id = None
        # Released when there is an answer, or when this thread should become the reader.
        self.woken = allocate_lock()
        self.woken.acquire()
        self.is_waiting = False
        self.answer = None

    def wake(self):
        """Only one thread at a time may call this."""
        if self.woken.locked():
            self.woken.release()


class Connection:
    """A connection to the bridge. Any thread may use it."""

    def __init__(self, address):
        """Raises `ServerUnavailable` if nothing listens there."""
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        # The script may have set a default timeout for its own connections.
        self._socket.settimeout(None)
        self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, pack("ll", WAIT_SECONDS, 0))
        try:
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            if not _is_loss(error):
                raise
            raise _errors.ServerUnavailable(f"the bridge does not answer: {error.strerror}.") from None
        self._writing = allocate_lock()
        self._reading = allocate_lock()
        # Guards everything below.
        self._lock = allocate_lock()
        self._pending = {}
        self._last_id = 0
        # The pieces of a line that has not arrived whole.
        self._pieces = []
        # The error that the bridge has sent without an id.
        self._last_words = None
        self.has_ended = False

    def begin(self, method, params):
        """Sends a request. Raises `NotSent` if the connection is gone."""
        pending = Pending()
        with self._lock:
            if self.has_ended:
                raise NotSent()
            self._last_id += 1
            pending.id = self._last_id
            self._pending[pending.id] = pending
        try:
            self._send({"id": pending.id, "method": method, "params": params})
        except BaseException as error:
            with self._lock:
                self._pending.pop(pending.id, None)
            if isinstance(error, _errors.ToolError):
                # Nothing was written.
                raise
            if isinstance(error, ConnectionError):
                self._read_last_words()
            self.end()
            if _is_loss(error):
                # A line that is cut is never carried out.
                raise NotSent(self._last_words) from None
            raise
        return pending

    def wait(self, pending):
        """Returns the answer's result. Raises what its error says."""
        ticket = getattr(current, "ticket", None)
        if ticket:
            ticket.attach(lambda: self.cancel(pending))
        try:
            with self._lock:
                pending.is_waiting = True
            while pending.answer is None:
                if self._reading.acquire(False):
                    self._read_for_all(pending)
                else:
                    pending.woken.acquire(True, WAIT_SECONDS)
        except BaseException:
            self.cancel(pending)
            raise
        finally:
            if ticket:
                ticket.attach(None)
            # It may have been told to become the reader just when its own wait ended.
            self._wake_next_reader()
        result, error = pending.answer
        if error is not None:
            raise error
        return result

    def cancel(self, pending):
        """Tells the bridge that the result is no longer wanted, and ends the wait for it."""
        with self._lock:
            if self._pending.pop(pending.id, None) is None:
                return
            pending.answer = None, _errors.ToolInterrupted("the call was cancelled. What it does may have happened.")
            pending.wake()
        try:
            self._send({"method": "cancel", "params": {"id": pending.id}})
        except OSError:
            # The end of the connection cancels as well.
            pass
        except BaseException:
            self.end()
            raise

    def end(self, error=None):
        """Closes the connection. Requests without an answer fail, since nobody knows what became of them."""
        with self._lock:
            if self.has_ended:
                return
            self.has_ended = True
            for pending in self._pending.values():
                pending.answer = None, error or self._last_words or _errors.ToolInterrupted(LOST)
                pending.wake()
            self._pending.clear()
        try:
            # Wakes the thread that reads; that one closes the socket.
            self._socket.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass
        if self._reading.acquire(False):
            self._socket.close()
            self._reading.release()

    def end_if_idle(self):
        """Closes the connection if nobody waits for an answer."""
        if not self._pending:
            self.end()

    def drop(self):
        """Closes the descriptor only: the connection belongs to the process that this one was forked from."""
        self.has_ended = True
        self._socket.close()

    def _send(self, message):
        line = _lines.encode(message)
        with self._writing:
            view = memoryview(line)
            while view:
                view = view[self._socket.send(view[:_WRITE_SIZE], _socket.MSG_NOSIGNAL) :]

    def _read_last_words(self):
        """Reads what the bridge said before it closed the connection."""
        if self._reading.acquire(False):
            try:
                while self._receive():
                    pass
            finally:
                self._stop_reading()

    def _read_for_all(self, pending):
        """Reads until `pending` has its answer, then leaves the reading to another thread."""
        try:
            while pending.answer is None and self._receive():
                pass
        except BaseException:
            # Bytes may be lost, and with them every answer that follows.
            self.end()
            raise
        finally:
            self._stop_reading()

    def _stop_reading(self):
        """Leaves the reading to another thread that waits, if there is one."""
        if self.has_ended:
            self._socket.close()
        self._reading.release()
        self._wake_next_reader()

    def _wake_next_reader(self):
        with self._lock:
            if self._reading.locked():
                return
            heir = next((other for other in self._pending.values() if other.is_waiting), None)
            if heir:
                heir.wake()

    def _receive(self):
        """Reads once and hands out the answers. Returns whether the connection is still open."""
        try:
            data = self._socket.recv(_READ_SIZE)
        except BlockingIOError:
            return True
        except OSError as error:
            if not _is_loss(error):
                raise
            data = b""
        if not data:
            self.end()
            return False
        lines = data.split(b"\n")
        if len(lines) > 1:
            self._pieces.append(lines[0])
            self._take(b"".join(self._pieces))
            for line in lines[1:-1]:
                self._take(line)
            self._pieces.clear()
        if lines[-1]:
            self._pieces.append(lines[-1])
        return True

    def _take(self, line):
        if not line.strip():
            return
        try:
            message = _lines.decode(line)
            number = message.get("id")
        except (ValueError, RecursionError, AttributeError):
            # Whose answer it is can't be known.
            self.end(_errors.ProtocolError("the bridge sent an unreadable answer. The call may have happened."))
            return
        if number is None:
            if message.get("error") is not None:
                # It may belong to any request, so that none must wait for another answer.
                self._last_words = _errors.from_answer(message.get("error"))
                self.end()
            return
        with self._lock:
            # Without a taker if it was cancelled.
            pending = self._pending.pop(number, None)
            if pending:
                error = message.get("error")
                pending.answer = (message.get("result"), None) if error is None else (None, Refused(error))
                pending.wake()


class Refused(Exception):
    """The error object of an answer."""

    def __init__(self, error):
        super().__init__()
        self.error = error


def _is_loss(error):
    """Whether an error comes from the socket. A signal handler of the script may raise an OSError as well."""
    return isinstance(error, OSError) and error.errno is not None
