"""The guest's end of the channel to the server: frames in and out, and whether more is wanted now."""

import os
import select

from guest import frames

_READ_SIZE = 256 * 1024


class Channel:
    def __init__(self, poll, take):
        """`take(kind, number, payload)` is called for each frame that comes."""
        self._out, self._in = frames.take_channel()
        self._decoder = frames.Decoder()
        self._poll = poll
        self._take = take

    def read_if(self, should_read):
        """Reads what comes from now on, or leaves it where it is."""
        if should_read:
            self._poll.on(self._in, select.EPOLLIN, lambda events: self._read())
        else:
            self._poll.off(self._in)

    def send(self, data):
        if data:
            frames.write_all(self._out, data)

    def log(self, text):
        """Says something in the server's log."""
        self.send(frames.frame(frames.LOG, 0, text.encode()))

    def _read(self):
        data = os.read(self._in, _READ_SIZE)
        if not data:
            # The server is gone, or wants us gone: with process 1 everything here ends.
            os._exit(0)
        for kind, number, payload in self._decoder.feed(data):
            self._take(kind, number, payload)
