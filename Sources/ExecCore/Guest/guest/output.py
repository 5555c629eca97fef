"""Captures a stream: keeps its start and end as rendered by a terminal in memory, and writes the whole raw stream to a
file if it is long or much of it was overwritten.
"""

import os

from guest import terminal

DIRECTORY = "/output"

# The part of the limit that is reserved for the notice between start and end, in bytes.
_NOTICE_ROOM = 256
# The whole stream is kept if more characters than this were overwritten: one or two progress bars don't need a file.
_MIN_OVERWRITTEN = 1024
# The longest character in UTF-8, in bytes.
_MAX_CHARACTER_BYTES = 4


class Spool:
    """The files that hold whole streams, in a size-limited in-memory directory. The oldest are deleted to make room."""

    def __init__(self, directory=DIRECTORY):
        self._directory = directory
        self._finished = []
        self._file_count = 0

    def open(self, stream):
        """Creates a file for the stream named `stream`. Returns (path, descriptor), or None if that fails."""
        self._file_count += 1
        path = f"{self._directory}/{self._file_count:04d}-{stream}.txt"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            return path, os.open(path, flags, 0o644)
        except OSError:
            return None

    def write(self, descriptor, data):
        """Writes as much as fits, deleting the oldest finished files. Returns the number of bytes written."""
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
    """One stream of one command. Returns at most `limit` bytes of its rendered text."""

    def __init__(self, name, limit, spool):
        self._name = name
        self._limit = limit
        self._spool = spool
        # Created on demand: most commands leave one of their streams empty.
        self._screen = None
        self._head = bytearray()
        self._tail = b""
        # The number of bytes received, and of bytes shown.
        self._total = 0
        self._shown = 0
        # The raw bytes, once they differ from the shown ones and until there is a file; None otherwise.
        self._raw = None
        self._path = None
        self._file = None
        self._spooled = 0

    def add(self, data):
        self._total += len(data)
        if self._screen is None:
            self._screen = terminal.Screen()
        if self._path is None:
            self._collect_raw(data)
        else:
            self._write_raw(data)
        self._show(self._screen.feed(data, self._pop_shown_line))

    def _collect_raw(self, data):
        if self._raw is None and terminal.is_drawing(data):
            self._raw = self._head + self._screen.held
        if self._raw is not None:
            self._raw += data
        if self._total > self._limit:
            self._open_file(data)

    def _open_file(self, data=b""):
        opened = self._spool.open(self._name)
        self._path, self._file = opened if opened else ("", None)
        self._write_raw(bytes(self._raw if self._raw is not None else self._head + self._screen.held + data))
        self._raw = None

    def _write_raw(self, data):
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

    def _pop_shown_line(self):
        """Removes and returns the last shown line so that it can be overwritten; None if no whole line is left."""
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
        """Whether a part is left out. Nothing can be added afterwards."""
        if self._screen is not None:
            self._show(self._screen.finish())
        return self._shown > self._limit

    def finish(self):
        """Returns the stream to show. Nothing can be added afterwards."""
        if self._screen is None:
            return b""
        is_truncated = self.truncated
        needs_file = self._screen.overwritten > _MIN_OVERWRITTEN
        if needs_file and self._path is None:
            self._open_file()
        self._close()
        if self._path:
            self._spool.finish(self._path)
        if not is_truncated:
            shown = bytes(self._head) + self._tail
            if not needs_file:
                return shown
            return _with_newline(shown) + self._notice(f"{self._screen.overwritten} characters were drawn over")
        half = max(0, (self._limit - _NOTICE_ROOM) // 2)
        start = _first_bytes(bytes(self._head), half)
        end = _last_bytes((bytes(self._head) + self._tail)[-self._limit :], half)
        return _with_newline(start) + self._notice(f"{self._shown - len(start) - len(end)} bytes left out") + end

    def rest(self):
        """Returns the size of the finished stream and the file that holds it; None if nothing was left out."""
        if not self._path and not (self._screen is not None and self._shown > self._limit):
            return None
        return {"total": self._total, "path": self._path or None, "saved": self._spooled}

    def _notice(self, what):
        if not self._path:
            where = "there was no room to keep the whole"
        elif self._spooled == self._total:
            where = f"the whole {self._name}, {self._total} bytes, is in {self._path}"
        else:
            where = f"the first {self._spooled} of {self._total} bytes are in {self._path}"
        return f"[… {what}: {where} …]\n".encode()


def _with_newline(text):
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _first_bytes(data, size):
    """Returns about the first `size` bytes, cut at the end of a line if one is near."""
    piece = data[:size]
    line_end = piece.rfind(b"\n") + 1
    if line_end > size // 2:
        return piece[:line_end]
    # No line end is near: avoid splitting a character.
    for end in range(len(piece), max(-1, len(piece) - _MAX_CHARACTER_BYTES), -1):
        if end == len(data) or data[end] & 0xC0 != 0x80:
            return piece[:end]
    return piece


def _last_bytes(data, size):
    """Returns about the last `size` bytes, cut at the start of a line if one is near."""
    piece = data[-size:] if size else b""
    line_start = piece.find(b"\n") + 1
    if 0 < line_start < size // 2:
        return piece[line_start:]
    for start in range(min(len(piece), _MAX_CHARACTER_BYTES)):
        if piece[start] & 0xC0 != 0x80:
            return piece[start:]
    return piece
