"""Admission queue: calls that have arrived and have no worker yet.

Starting a worker costs more than a short command. If calls in progress have only just started, a worker will probably
be free soon, so the next call waits briefly for it before another worker is started.
"""

import collections
import time

# How long to wait for a free worker before another is started. Halved for each further one until a worker is free.
_MAX_WAIT_SECONDS = 0.005
# A call that has run for this long is not expected to end at any moment.
_SHORT_CALL_SECONDS = 0.02


class AdmissionQueue:
    def __init__(self):
        self._pending = collections.OrderedDict()
        self._wait_seconds = _MAX_WAIT_SECONDS
        self._wait_until = 0.0
        self._held_until = 0.0

    def __bool__(self):
        return bool(self._pending)

    @property
    def size(self):
        """The number of input bytes held for queued calls."""
        return sum(len(call.input) for call in self._pending.values())

    def add(self, call):
        if not self._pending:
            self._wait_seconds = _MAX_WAIT_SECONDS
            self._wait_until = time.monotonic() + self._wait_seconds
        self._pending[call.number] = call

    def requeue(self, call, seconds):
        """Requeues a call at the front and holds the queue for `seconds`, while room is being made."""
        call.tries += 1
        self._pending[call.number] = call
        self._pending.move_to_end(call.number, last=False)
        self._held_until = time.monotonic() + seconds

    def get(self, number):
        return self._pending.get(number)

    def remove(self, number):
        """Removes a cancelled call. Returns it, or None if it isn't queued."""
        return self._pending.pop(number, None)

    def next_call(self, has_idle_worker, newest_start):
        """Removes and returns the next call to start; returns None if it is better to wait.

        `has_idle_worker`: whether a worker is free. `newest_start`: when the most recent call in progress started.
        """
        if not self._pending:
            return None
        now = time.monotonic()
        if now < self._held_until:
            return None
        if has_idle_worker:
            self._wait_seconds = _MAX_WAIT_SECONDS
        elif now < self._wait_until and now - newest_start < _SHORT_CALL_SECONDS:
            return None
        else:
            self._wait_seconds /= 2
        self._wait_until = now + self._wait_seconds
        return self._pending.popitem(last=False)[1]

    def seconds_to_wait(self):
        return max(0.0, max(self._wait_until, self._held_until) - time.monotonic())
