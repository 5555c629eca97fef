"""Keeping the beginning and the end of a stream in memory, and the whole of it in a file when it is long."""

import os

DIRECTORY = "/output"

# What the line between beginning and end may take of the limit.
_NOTICE_ROOM = 256


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
    """One stream of one command: at most `limit` bytes of it are returned."""

    def __init__(self, name, limit, spool):
        self._name = name
        self._limit = limit
        self._spool = spool
        self._head = bytearray()
        self._tail = b""
        self._total = 0
        self._path = None
        self._file = None
        self._spooled = 0

    def add(self, data):
        self._total += len(data)
        if self._total <= self._limit:
            self._head += data
            return
        if not self._tail and self._path is None:
            self._begin_spool()
        room = self._limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            self._tail = data[room:]
        elif len(data) >= self._limit:
            self._tail = data[-self._limit :]
        else:
            self._tail = (self._tail + data)[-self._limit :]
        self._keep(data)

    def _begin_spool(self):
        made = self._spool.open(self._name)
        self._path, self._file = made if made else ("", None)
        self._keep(bytes(self._head))

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

    @property
    def truncated(self):
        return self._total > self._limit

    def finish(self):
        """The stream as it is to be shown. Nothing can be added after."""
        self._close()
        if not self.truncated:
            return bytes(self._head)
        if self._path:
            self._spool.finish(self._path)
        half = max(0, (self._limit - _NOTICE_ROOM) // 2)
        start = _beginning(bytes(self._head), half)
        end = _ending((bytes(self._head) + self._tail)[-self._limit :], half)
        line_break = b"" if start.endswith(b"\n") else b"\n"
        return start + line_break + self._notice(self._total - len(start) - len(end)) + end

    def _notice(self, left_out):
        if not self._path:
            where = "there was no room to keep the whole"
        elif self._spooled == self._total:
            where = f"the whole {self._name}, {self._total} bytes, is in {self._path}"
        else:
            where = f"the first {self._spooled} of {self._total} bytes are in {self._path}"
        return f"[… {left_out} bytes left out: {where} …]\n".encode()


def _beginning(data, size):
    """About the first `size` bytes, up to a line's end where one is near."""
    piece = data[:size]
    line_end = piece.rfind(b"\n") + 1
    if line_end > size // 2:
        return piece[:line_end]
    # No line's end is near: do not cut through a character.
    while piece and size < len(data) and data[len(piece)] & 0xC0 == 0x80:
        piece = piece[:-1]
    return piece


def _ending(data, size):
    """About the last `size` bytes, from a line's start where one is near."""
    piece = data[-size:] if size else b""
    line_start = piece.find(b"\n") + 1
    if 0 < line_start < size // 2:
        return piece[line_start:]
    while piece and piece[0] & 0xC0 == 0x80:
        piece = piece[1:]
    return piece
