"""A terminal for a program to run on, typed into and read by a test."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], directory: Path) -> None:
        self._master, slave = pty.openpty()
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
        os.close(slave)
        self._seen = ""
        self.raw = b""
        """All that was shown, with what controls the terminal."""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str, timeout: float = 120) -> str:
        """What was shown up to `text`, without what controls the terminal; it is not looked at again."""
        deadline = time.monotonic() + timeout
        while text not in self._seen:
            assert self._read(deadline), f"{text!r} was not shown, but {self._seen!r}"
        before, _, self._seen = self._seen.partition(text)
        return before

    def wait(self, timeout: float = 60) -> int:
        """The exit status, once the program has ended."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        return self.process.wait(max(1, deadline - time.monotonic()))

    def _read(self, deadline: float) -> bool:
        if not select.select([self._master], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # The program has closed its end.
            return False
        self.raw += piece
        self._seen = CONTROLS.sub("", self._seen + piece.decode(errors="replace"))
        return bool(piece)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)


def _take_terminal() -> None:
    # In a new session, the first terminal that it opens is the one whose Ctrl-C it gets.
    os.close(os.open(os.ttyname(0), os.O_RDWR))
