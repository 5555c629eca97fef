"""Admission queue: calls that have arrived and have no keeper yet.

Starting a keeper costs more than a short command. If calls in progress have only just started, a keeper will probably
be free soon, so the next call waits briefly for it before another keeper is started.
"""

import collections
import time

# How long to wait for a free keeper before another is started. Halved for each further one until a keeper is free.
_PATIENCE_SECONDS = 0.005
# A call that has run for this long is not expected to end at any moment.
_SHORT_SECONDS = 0.02


class Arrival:
    """A queued call and the input bytes received for it."""

    __slots__ = ("input", "method", "number", "params", "tries")

    def __init__(self, number, method, params):
        self.number = number
        self.method = method
        self.params = params
        self.input = bytearray()
        # How often it could not start because there was no room for its process.
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
        """The number of input bytes held for queued calls."""
        return sum(len(arrival.input) for arrival in self._waiting.values())

    def add(self, arrival):
        if not self._waiting:
            self._patience = _PATIENCE_SECONDS
            self._until = time.monotonic() + self._patience
        self._waiting[arrival.number] = arrival

    def put_back(self, arrival, seconds):
        """Requeues a call at the front and holds the queue for `seconds`, while room is being made."""
        arrival.tries += 1
        self._waiting[arrival.number] = arrival
        self._waiting.move_to_end(arrival.number, last=False)
        self._held_until = time.monotonic() + seconds

    def get(self, number):
        return self._waiting.get(number)

    def drop(self, number):
        """Removes a cancelled call. Returns it, or None if it isn't queued."""
        return self._waiting.pop(number, None)

    def take(self, has_keeper, newest):
        """Removes and returns the next call to start; returns None if it is better to wait.

        `has_keeper`: whether a keeper is free. `newest`: when the most recent call in progress started.
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
