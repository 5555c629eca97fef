"""What a running command's output comes down to for somebody who waits: its newest line, a few times a second."""

import re

_INTERVAL = 0.25
_MAX_BYTES = 512
# How much of a stream's end is kept to find a line in.
_KEPT = 2048

# Colours, cursor movements, titles, and the beginning of one that is still being written.
_ESCAPES = rb"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*(?:[0-~]|$))"


class Progress:
    def __init__(self):
        self._tails = {}
        self._last = None
        self._is_fresh = False
        self._next = 0.0

    def add(self, stream, data):
        """Takes what was written to a stream."""
        self._tails[stream] = (self._tails.get(stream, b"") + data[-_KEPT:])[-_KEPT:]
        self._last = stream
        self._is_fresh = True

    def due(self):
        """From when on there is something to say; None where there is nothing."""
        return self._next if self._is_fresh else None

    def take(self, now):
        """The newest line, if one is due; else an empty one. The same again is news too: the command is at work."""
        if not self._is_fresh or now < self._next:
            return b""
        self._is_fresh = False
        line = newest_line(self._tails[self._last])
        if line:
            self._next = now + _INTERVAL
        return line.encode()


def newest_line(data):
    """The last line of `data` that is not blank, complete or not, as plain text. A bar that is drawn over and over
    with carriage returns counts as a line each time.
    """
    for line in reversed(re.split(rb"[\r\n]", data)):
        text = re.sub(_ESCAPES, b"", line).decode("utf-8", "ignore").replace("\t", " ")
        text = "".join(filter(str.isprintable, text)).strip()
        if text:
            return text.encode()[:_MAX_BYTES].decode("utf-8", "ignore")
    return ""
