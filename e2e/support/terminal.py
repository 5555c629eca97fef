"""A terminal for a program to run on, typed into and read by a test."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte

CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], directory: Path, rows: int = 24, columns: int = 80
    ) -> None:
        self._master, slave = pty.openpty()
        self._set_size(rows, columns)
        self.process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(environment),
            cwd=directory,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        # Kept, so that what the terminal is left as can be looked at.
        self._slave = slave
        self._seen = ""
        # A piece may end in the middle of a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.raw = b""
        """All that was shown, with what controls the terminal."""
        self._screen = pyte.HistoryScreen(columns, rows, history=5000)
        self._drawing = pyte.ByteStream(self._screen)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str, timeout: float = 120) -> str:
        """What was shown up to `text`, without what controls the terminal; it is not looked at again."""
        deadline = time.monotonic() + timeout
        while text not in self._seen:
            assert self._read(deadline), f"{text!r} was not shown, but {self._seen!r}"
        before, _, self._seen = self._seen.partition(text)
        return before

    def wait(self, timeout: float = 120) -> int:
        """The exit status, once the program has ended."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on, and shows {self.shown}"
            self._read(min(deadline, time.monotonic() + 0.05))
        while self._read(time.monotonic()):
            pass
        return self.process.returncode

    # What a person sees.

    @property
    def shown(self) -> list[str]:
        """The rows of the screen, without those below the last one with anything on it."""
        rows = [row.rstrip() for row in self._screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def all_shown(self) -> list[str]:
        """The rows that have left the screen at its top, and those of the screen."""
        lines = self._screen.history.top
        columns = self._screen.columns
        return ["".join(line[column].data for column in range(columns)).rstrip() for line in lines] + self.shown

    @property
    def row(self) -> str:
        """The row that the cursor is on."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    @property
    def cursor(self) -> tuple[int, int]:
        """The cursor's row and column."""
        return self._screen.cursor.y, self._screen.cursor.x

    def looks(self, row: int) -> list[tuple[str, bool, bool, str]]:
        """The letters of a row that are not blank: each with whether it is bold or italic, and its color."""
        cells = [self._screen.buffer[row][column] for column in range(self._screen.columns)]
        return [(cell.data, cell.bold, cell.italics, cell.fg) for cell in cells if cell.data.strip()]

    def wait_until(self, what: Callable[[], bool], timeout: float = 120) -> None:
        """Waits until the screen is as `what` wants it."""
        deadline = time.monotonic() + timeout
        while not what():
            assert self._read(deadline), f"the screen stays so: {self.shown}, {self.cursor}"

    def settle(self) -> None:
        """Takes what is shown by now."""
        while self._read(time.monotonic() + 0.3):
            pass

    def resize(self, rows: int, columns: int) -> None:
        self._set_size(rows, columns)
        self._screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    @property
    def takes_lines(self) -> bool:
        """Whether the terminal itself edits lines and shows what is typed, as for a program that does nothing of it."""
        modes = termios.tcgetattr(self._slave)[3]
        return bool(modes & termios.ICANON and modes & termios.ECHO and modes & termios.ISIG)

    def _set_size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, deadline: float) -> bool:
        if not select.select([self._master], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # The program has closed its end.
            return False
        self.raw += piece
        self._drawing.feed(piece)
        self._seen = CONTROLS.sub("", self._seen + self._decoder.decode(piece))
        return bool(piece)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._slave)
        os.close(self._master)


def _take_terminal() -> None:
    # In a new session, the first terminal that it opens is the one whose Ctrl-C it gets.
    os.close(os.open(os.ttyname(0), os.O_RDWR))
