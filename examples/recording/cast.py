"""Recordings of a terminal: runs a program in a pseudo-terminal and notes when it wrote what, as asciinema does.

The file is an asciicast, version 2: a line of JSON with the size of the terminal, then one `[seconds, "o", text]` for
each piece of output. `asciinema play FILE` plays it.
"""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class RecordingError(Exception):
    """The program failed, or the recording cannot be read."""


@dataclass(frozen=True)
class Cast:
    """What a program wrote, and when."""

    columns: int
    rows: int
    events: list[tuple[float, str]]

    def write(self, path: Path) -> None:
        header = {"version": 2, "width": self.columns, "height": self.rows}
        lines = [header, *([round(seconds, 3), "o", text] for seconds, text in self.events)]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))

    @classmethod
    def read(cls, path: Path) -> Cast:
        try:
            header, *events = [json.loads(line) for line in path.read_text().splitlines()]
            return cls(header["width"], header["height"], [(seconds, text) for seconds, _, text in events])
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{path} isn't an asciicast: {error}") from error

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.events)

    @property
    def lines(self) -> list[tuple[float, str]]:
        """Its lines, each with its end, and when that was written."""
        lines: list[tuple[float, str]] = []
        begun = ""
        for seconds, text in self.events:
            *whole, rest = text.split("\n")
            for line in whole:
                lines.append((seconds, begun + line + "\n"))
                begun = ""
            begun += rest
        return lines + ([(self.events[-1][0], begun)] if begun else [])


def record(command: Sequence[str], environment: Mapping[str, str], columns: int, rows: int, directory: Path) -> Cast:
    """Runs a command, whose output is also shown, and returns what it wrote. A status other than 0 is an error."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    surroundings = {**environment, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)}
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=surroundings, cwd=directory
    )
    os.close(follower)
    decoder = codecs.getincrementaldecoder("utf-8")()
    events: list[tuple[float, str]] = []
    while piece := _read(leader):
        text = decoder.decode(piece).replace("\r\n", "\n")
        os.write(1, piece)
        events.append((time.monotonic() - began, text))
    os.close(leader)
    if status := process.wait():
        raise RecordingError(f"{' '.join(command)} ended with status {status}")
    return Cast(columns, rows, events)


def _read(descriptor: int) -> bytes:
    """The next piece of output; none once the terminal has no process any more."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
