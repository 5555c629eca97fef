"""Calls that have come and have no keeper yet.

To start a keeper costs more than a short command does. Where calls are under way that have only just begun, a keeper
will soon be free: the next call waits a moment for it before one more is started.
"""

import collections
import time

# How long nothing may have moved before one more keeper is started; half as long before the next, until one is free.
_PATIENCE_SECONDS = 0.005
# A call that has gone on for so long is none of those that end in the next moment.
_SHORT_SECONDS = 0.02


class Arrival:
    """A call and the bytes that came with it."""

    __slots__ = ("input", "method", "number", "params", "tries")

    def __init__(self, number, method, params):
        self.number = number
        self.method = method
        self.params = params
        self.input = bytearray()
        # How often there was no room for it.
        self.tries = 0


class Arrivals:
    def __init__(self):
        self._waiting = collections.OrderedDict()
        self._patience = _PATIENCE_SECONDS
        self._until = 0.0
        self._held_until = 0.0

    def __bool__(self):
        return bool(self._waiting)

    @property
    def size(self):
        """How many bytes have come with those that wait."""
        return sum(len(arrival.input) for arrival in self._waiting.values())

    def add(self, arrival):
        if not self._waiting:
            self._patience = _PATIENCE_SECONDS
            self._until = time.monotonic() + self._patience
        self._waiting[arrival.number] = arrival

    def put_back(self, arrival, seconds):
        """Has a call wait again, before all others, and none of them be taken for so long: room is being made."""
        arrival.tries += 1
        self._waiting[arrival.number] = arrival
        self._waiting.move_to_end(arrival.number, last=False)
        self._held_until = time.monotonic() + seconds

    def get(self, number):
        return self._waiting.get(number)

    def drop(self, number):
        """Takes out a call that is to be forgotten. Returns it, or None where it does not wait."""
        return self._waiting.pop(number, None)

    def take(self, has_keeper, newest):
        """The next call that is to begin now; None where it is better to wait.

        `has_keeper` says whether a keeper is free, `newest` when the last call began that is still under way.
        """
        if not self._waiting:
            return None
        now = time.monotonic()
        if now < self._held_until:
            return None
        if has_keeper:
            self._patience = _PATIENCE_SECONDS
        elif now < self._until and now - newest < _SHORT_SECONDS:
            return None
        else:
            self._patience /= 2
        self._until = now + self._patience
        return self._waiting.popitem(last=False)[1]

    def seconds_to_wait(self):
        return max(0.0, max(self._until, self._held_until) - time.monotonic())
