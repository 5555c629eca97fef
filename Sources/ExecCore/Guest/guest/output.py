"""Keeping the beginning and the end of a stream in memory, as it would be seen, and the whole of it in a file when it
is long or much of it cannot be seen.
"""

import os

from guest import terminal

DIRECTORY = "/output"

# What the line between beginning and end may take of the limit.
_NOTICE_ROOM = 256
# When so many characters were drawn over, the whole is kept: a bar or two are not worth a file.
_MUCH = 1024
# In UTF-8, in bytes.
_LONGEST_CHARACTER = 4


class Spool:
    """The files that hold whole streams, in a bounded in-memory directory: the oldest make room for the newest."""

    def __init__(self, directory=DIRECTORY):
        self._directory = directory
        self._finished = []
        self._made = 0

    def open(self, stream):
        """Makes a file for a stream that is called `stream`. Returns (path, descriptor), or None where it cannot."""
        self._made += 1
        path = f"{self._directory}/{self._made:04d}-{stream}.txt"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            return path, os.open(path, flags, 0o644)
        except OSError:
            return None

    def write(self, descriptor, data):
        """Writes what fits. Returns how many bytes that was."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except OSError:
                if not self._make_room():
                    break
        return len(data) - len(view)

    def finish(self, path):
        self._finished.append(path)

    def _make_room(self):
        while self._finished:
            try:
                os.unlink(self._finished.pop(0))
                return True
            except OSError:
                continue
        return False


class Capture:
    """One stream of one command: at most `limit` bytes of what would be seen of it are returned."""

    def __init__(self, name, limit, spool):
        self._name = name
        self._limit = limit
        self._spool = spool
        # Not before there is something to draw: most commands have nothing to say on one of their streams.
        self._screen = None
        self._head = bytearray()
        self._tail = b""
        # All that has come, and how much of it is shown.
        self._total = 0
        self._shown = 0
        # What has come, from when on it is not what is shown until there is a file.
        self._raw = None
        self._path = None
        self._file = None
        self._spooled = 0

    def add(self, data):
        self._total += len(data)
        if self._screen is None:
            self._screen = terminal.Screen()
        if self._path is None:
            self._keep_for_file(data)
        else:
            self._keep(data)
        self._show(self._screen.feed(data, self._take_back))

    def _keep_for_file(self, data):
        if self._raw is None and terminal.is_drawing(data):
            self._raw = self._head + self._screen.held
        if self._raw is not None:
            self._raw += data
        if self._total > self._limit:
            self._begin_file(data)

    def _begin_file(self, data=b""):
        made = self._spool.open(self._name)
        self._path, self._file = made if made else ("", None)
        self._keep(bytes(self._raw if self._raw is not None else self._head + self._screen.held + data))
        self._raw = None

    def _keep(self, data):
        if self._file is not None:
            count = self._spool.write(self._file, data)
            self._spooled += count
            if count < len(data):
                self._close()

    def _close(self):
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _show(self, data):
        if not data:
            return
        self._shown += len(data)
        room = self._limit - len(self._head)
        if not self._tail and len(data) <= room:
            self._head += data
        elif room > 0 and not self._tail:
            self._head += data[:room]
            self._tail = data[room:][-self._limit :]
        elif len(data) >= self._limit:
            self._tail = data[-self._limit :]
        else:
            self._tail = (self._tail + data)[-self._limit :]

    def _take_back(self):
        """Takes back the last line that is shown, for it to be drawn over; None where there is none as a whole."""
        shown = self._tail or self._head
        start = shown.rfind(b"\n", 0, -1) + 1
        if not shown.endswith(b"\n") or (self._tail and not start):
            return None
        line = bytes(shown[start:-1])
        self._shown -= len(shown) - start
        if self._tail:
            self._tail = self._tail[:start]
        else:
            del self._head[start:]
        return line

    @property
    def truncated(self):
        """Whether a part is left out. Nothing can be added after."""
        if self._screen is not None:
            self._show(self._screen.finish())
        return self._shown > self._limit

    def finish(self):
        """The stream as it is to be shown. Nothing can be added after."""
        if self._screen is None:
            return b""
        is_truncated = self.truncated
        is_much_unseen = self._screen.drawn_over > _MUCH
        if is_much_unseen and self._path is None:
            self._begin_file()
        self._close()
        if self._path:
            self._spool.finish(self._path)
        if not is_truncated:
            shown = bytes(self._head) + self._tail
            if not is_much_unseen:
                return shown
            return _line(shown) + self._notice(f"{self._screen.drawn_over} characters were drawn over")
        half = max(0, (self._limit - _NOTICE_ROOM) // 2)
        start = _beginning(bytes(self._head), half)
        end = _ending((bytes(self._head) + self._tail)[-self._limit :], half)
        return _line(start) + self._notice(f"{self._shown - len(start) - len(end)} bytes left out") + end

    def _notice(self, what):
        if not self._path:
            where = "there was no room to keep the whole"
        elif self._spooled == self._total:
            where = f"the whole {self._name}, {self._total} bytes, is in {self._path}"
        else:
            where = f"the first {self._spooled} of {self._total} bytes are in {self._path}"
        return f"[… {what}: {where} …]\n".encode()


def _line(text):
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _beginning(data, size):
    """About the first `size` bytes, up to a line's end where one is near."""
    piece = data[:size]
    line_end = piece.rfind(b"\n") + 1
    if line_end > size // 2:
        return piece[:line_end]
    # No line's end is near: do not cut through a character.
    for end in range(len(piece), max(-1, len(piece) - _LONGEST_CHARACTER), -1):
        if end == len(data) or data[end] & 0xC0 != 0x80:
            return piece[:end]
    return piece


def _ending(data, size):
    """About the last `size` bytes, from a line's start where one is near."""
    piece = data[-size:] if size else b""
    line_start = piece.find(b"\n") + 1
    if 0 < line_start < size // 2:
        return piece[line_start:]
    for start in range(min(len(piece), _LONGEST_CHARACTER)):
        if piece[start] & 0xC0 != 0x80:
            return piece[start:]
    return piece
