"""The guest's end of the channel to the server: sends and receives frames, with backpressure."""

import os
import select
import time

from guest import frames

_READ_SIZE = 256 * 1024
# Rate limit: at most this many lines for the server's log in this many seconds.
_MAX_LINES = 10
_LOG_WINDOW_SECONDS = 10.0


class Channel:
    def __init__(self, loop, on_frame):
        """`on_frame(kind, number, payload)` is called for each frame received."""
        self._out, self._in = frames.move_channel()
        self._decoder = frames.Decoder()
        self._loop = loop
        self._on_frame = on_frame
        # Whether no server is connected that would read.
        self.is_suspended = False
        self._logged_at = []

    def set_reading(self, should_read):
        """Starts or stops reading frames."""
        if should_read:
            self._loop.register(self._in, select.EPOLLIN, lambda events: self._read())
        else:
            self._loop.unregister(self._in)

    def send(self, data):
        if data and not self.is_suspended:
            frames.write_all(self._out, data)

    def suspend(self):
        """Announces that nothing more will be sent, and sends nothing more."""
        self.send(frames.frame(frames.LEAVE, 0))
        self.is_suspended = True

    def resume(self):
        self.is_suspended = False

    def log(self, text):
        """Sends a line to the server's log. Ignores empty text, and lines beyond the rate limit, to protect the server
        from a flood.
        """
        if not text:
            return
        now = time.monotonic()
        self._logged_at = [at for at in self._logged_at if now - at < _LOG_WINDOW_SECONDS]
        if len(self._logged_at) < _MAX_LINES:
            self._logged_at.append(now)
            self.send(frames.frame(frames.LOG, 0, text.encode("utf-8", "replace")))

    def _read(self):
        data = os.read(self._in, _READ_SIZE)
        if not data:
            # The server is gone or wants the guest to end. The exit of process 1 ends everything in the sandbox.
            os._exit(0)
        for kind, number, payload in self._decoder.feed(data):
            self._on_frame(kind, number, payload)
