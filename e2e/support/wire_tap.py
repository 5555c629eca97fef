#!/usr/bin/env python3
"""Stands between a published client and the server: passes every byte on unchanged and records every line.

    wire_tap.py RECORD PROGRAM [ARGUMENT…]

RECORD gets one JSON object a line, in the order in which the lines passed: {"direction", "line"}. The standard error
and the end of the server are the tap's own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import BinaryIO


class Tap:
    """Both directions of one conversation."""

    def __init__(self, record: str, command: list[str]) -> None:
        self._record = open(record, "a", encoding="utf-8")
        self._lock = threading.Lock()
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _note(self, direction: str, line: bytes) -> None:
        text = line.rstrip(b"\n").decode("utf-8", "surrogateescape")
        with self._lock:
            self._record.write(json.dumps({"direction": direction, "line": text}) + "\n")
            self._record.flush()

    def _pass_on(self, direction: str, source: BinaryIO, target: BinaryIO) -> None:
        """A line is recorded before it is passed on, so that an answer never precedes its question."""
        try:
            for line in source:
                self._note(direction, line)
                target.write(line)
                target.flush()
        except BrokenPipeError:
            pass
        finally:
            target.close()

    def run(self) -> int:
        assert self._server.stdin and self._server.stdout
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self._server.send_signal(number))
        arguments = ("client", sys.stdin.buffer, self._server.stdin)
        threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()
        self._pass_on("server", self._server.stdout, sys.stdout.buffer)
        return self._server.wait()


if __name__ == "__main__":
    status = Tap(sys.argv[1], sys.argv[2:]).run()
    os._exit(status if status >= 0 else 128 - status)  # not held up by a client that has not closed its end
