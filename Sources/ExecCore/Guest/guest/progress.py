"""Progress of a running command: the newest line of its output, at most four times a second."""

import re

_INTERVAL = 0.25
_MAX_BYTES = 512
# How much of a stream's end is kept to search for a line, in bytes.
_TAIL_BYTES = 2048

# Escape sequences for colors, cursor movements and titles, including incomplete ones at the end.
_ESCAPES = rb"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*(?:[0-~]|$))"


class Progress:
    def __init__(self):
        self._tails = {}
        self._last = None
        self._has_new_output = False
        self._next = 0.0

    def add(self, stream, data):
        """Adds output of a stream."""
        self._tails[stream] = (self._tails.get(stream, b"") + data[-_TAIL_BYTES:])[-_TAIL_BYTES:]
        self._last = stream
        self._has_new_output = True

    def due(self):
        """Returns when the next line may be sent; None if there is no new output."""
        return self._next if self._has_new_output else None

    def line_if_due(self, now):
        """Returns the newest line if one is due; otherwise empty bytes. A repeated line is sent too, because it shows
        that the command is working.
        """
        if not self._has_new_output or now < self._next:
            return b""
        self._has_new_output = False
        line = newest_line(self._tails[self._last])
        if line:
            self._next = now + _INTERVAL
        return line.encode()


def newest_line(data):
    """Returns the last line of `data` that is not blank, complete or not, as plain text. Each redraw of a progress bar
    with a carriage return counts as a line.
    """
    for line in reversed(re.split(rb"[\r\n]", data)):
        text = re.sub(_ESCAPES, b"", line).decode("utf-8", "ignore").replace("\t", " ")
        text = "".join(filter(str.isprintable, text)).strip()
        if text:
            return text.encode()[:_MAX_BYTES].decode("utf-8", "ignore")
    return ""
