"""What the workspace's limit means for calls: which may begin, which are stopped, and which wait for a count."""

import select
import time

from guest import calls, quota


class DiskLimit:
    """The surveyor, where a limit is set, and the calls that it decides about."""

    def __init__(self, limit):
        """`limit` in bytes; 0 for none."""
        self._surveyor = quota.Surveyor(limit) if limit else None
        self.file_limit = limit + quota.MARGIN if limit else 0

    def attach(self, poll, dispatcher, lifecycle):
        self._poll = poll
        self._dispatcher = dispatcher
        self._lifecycle = lifecycle

    def __bool__(self):
        return self._surveyor is not None

    @property
    def pids(self):
        """The processes that count."""
        return {self._surveyor.pid} if self._surveyor and self._surveyor.pid else set()

    @property
    def is_full(self):
        return self._surveyor is not None and self._surveyor.is_full

    def note(self, what):
        return quota.note(self._surveyor, what)

    def poke(self):
        """Says that there is work."""
        if self._surveyor and self._surveyor.poke():
            self._poll.on(self._surveyor.socket.fileno(), select.EPOLLIN, lambda events: self._hear())

    def hold(self, call):
        """Has a call that is over wait for a count, if one is needed. Returns whether it waits."""
        if not self.is_full or not isinstance(call, calls.Command):
            return False
        if call.ended is None:
            # It may have deleted files, on which depends what the next call may do.
            call.ended = time.monotonic()
            call.deadline = call.ended + quota.PATIENCE_SECONDS
            self._surveyor.ask()
        return True

    def lose(self, pid):
        """The process `pid` has ended."""
        if self._surveyor and pid == self._surveyor.pid:
            self._poll.off(self._surveyor.socket.fileno())
            self._surveyor.forget()

    def _hear(self):
        is_over = self._surveyor.hear()
        for call in self._dispatcher.calls:
            if call.ended is not None and call.ended <= self._surveyor.counted_at:
                self._dispatcher.end(call)
            elif is_over and call.ended is None and isinstance(call, calls.Command):
                call.note += self.note("Stopped")
                self._lifecycle.stop(call)
        if is_over:
            self._lifecycle.end_background()
