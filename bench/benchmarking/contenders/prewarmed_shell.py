"""A bash on this machine that is loaded and waits for its command on a pipe, like the prewarmed shells of a sandbox."""

from __future__ import annotations

import os
import time

from benchmarking import processes
from benchmarking.contenders import guest

NAME = "a prewarmed shell, on the host"
COMMAND_DESCRIPTOR = 9
# Bash has loaded by then. Nothing signals when it has.
LOADING_SECONDS = 0.006


class PrewarmedShell:
    """Prewarms a shell before each measurement."""

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
        """Lets the shell run `true`. Returns its wait status once its output and the process have ended."""
        os.write(self._command, b"true\0")
        os.read(self._output, 1)
        return os.waitpid(self._process, 0)[1]

    def tidy_up(self) -> None:
        os.close(self._command)
        os.close(self._output)


def succeeded(status: int) -> None:
    if status != 0:
        raise processes.Failed(f"the prewarmed shell ended with status {status}")
