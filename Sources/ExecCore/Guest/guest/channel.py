"""The guest's end of the channel to the server: frames in and out, and whether more is wanted now."""

import os
import select
import time

from guest import frames

_READ_SIZE = 256 * 1024
# At most so many lines for the server's log in so long.
_MOST_LINES = 10
_LOG_SECONDS = 10.0


class Channel:
    def __init__(self, poll, take):
        """`take(kind, number, payload)` is called for each frame that comes."""
        self._out, self._in = frames.take_channel()
        self._decoder = frames.Decoder()
        self._poll = poll
        self._take = take
        # Whether there is no server that would read.
        self.is_resting = False
        self._said = []

    def read_if(self, should_read):
        """Reads what comes from now on, or leaves it where it is."""
        if should_read:
            self._poll.on(self._in, select.EPOLLIN, lambda events: self._read())
        else:
            self._poll.off(self._in)

    def send(self, data):
        if data and not self.is_resting:
            frames.write_all(self._out, data)

    def rest(self):
        """Says that nothing more comes, and has nothing more come."""
        self.send(frames.frame(frames.LEAVE, 0))
        self.is_resting = True

    def go_on(self):
        self.is_resting = False

    def log(self, text):
        """Says something in the server's log, if there is something, unless much was said just before: the server bears
        no flood.
        """
        if not text:
            return
        now = time.monotonic()
        self._said = [at for at in self._said if now - at < _LOG_SECONDS]
        if len(self._said) < _MOST_LINES:
            self._said.append(now)
            self.send(frames.frame(frames.LOG, 0, text.encode("utf-8", "replace")))

    def _read(self):
        data = os.read(self._in, _READ_SIZE)
        if not data:
            # The server is gone, or wants us gone: with process 1 everything here ends.
            os._exit(0)
        for kind, number, payload in self._decoder.feed(data):
            self._take(kind, number, payload)
