"""A bash on this machine that has loaded and waits for its command at a pipe, as those of a sandbox do."""

from __future__ import annotations

import os
import time

from benchmarking import processes
from benchmarking.contenders import guest

NAME = "a shell that waits, on the host"
COMMAND_DESCRIPTOR = 9
# Bash has loaded by then; nothing tells when it has.
LOADING_SECONDS = 0.006


class WaitingShell:
    """One that is made ready before the clock runs, and another for the next time."""

    def __init__(self) -> None:
        self._bash = processes.program("bash")
        self._script = guest.shell_script()
        self._process = 0
        self._command = self._output = -1

    def make_ready(self) -> None:
        command, self._command = os.pipe()
        self._output, output = os.pipe()
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
            (os.POSIX_SPAWN_DUP2, command, COMMAND_DESCRIPTOR),
        ]
        words = [self._bash, "-c", self._script]
        self._process = os.posix_spawn(self._bash, words, os.environ, file_actions=actions, setsid=True)
        os.close(command)
        os.close(output)
        time.sleep(LOADING_SECONDS)

    def run(self) -> int:
        """Has it run `true`. Returns the wait status, when the output and the process have ended."""
        os.write(self._command, b"true\0")
        os.read(self._output, 1)
        return os.waitpid(self._process, 0)[1]

    def tidy_up(self) -> None:
        os.close(self._command)
        os.close(self._output)


def succeeded(status: int) -> None:
    if status != 0:
        raise processes.Failed(f"the waiting shell ended with status {status}")
