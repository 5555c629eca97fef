"""Calls that the guest starts, each answered by the server: their ids, and whose the frames are that come for them.

Bytes go both ways in windows: neither side sends more than the other has said it will take.
"""

from guest import frames

WINDOW = 128 * 1024


class GuestCalls:
    def __init__(self, send):
        self.send = send
        self._last = frames.GUEST_CALL
        self._takers = {}

    def begin(self, method, params, take):
        """Starts a call. `take(kind, payload)` gets its frames, of which RESULT or FAILURE is the last. Returns its
        number.
        """
        self._last += 1
        self._takers[self._last] = take
        self.send(frames.json_frame(frames.CALL, self._last, {"method": method, "params": params}))
        return self._last

    def take(self, kind, number, payload):
        """Hands on a frame of a call that was started here. It may be over already."""
        take = self._takers.get(number)
        if take:
            take(kind, payload)

    def end(self, number):
        """A call is over: nothing is wanted of it any more."""
        del self._takers[number]
