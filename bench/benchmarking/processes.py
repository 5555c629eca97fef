"""Child processes at the least cost that Python has: `posix_spawn` and one thread that blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence

PIPE_READ = 1 << 18
# Whether this system shows its processes as files. Figures that are read there are left out elsewhere.
VISIBLE = os.path.isdir("/proc/self")


class Failed(Exception):
    """A process ended with another status than 0."""


def program(name: str) -> str:
    """Where a program is. It is looked for once, so that no measured call does."""
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    return path


def start(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> int:
    """Starts a program, named by its path, and returns its process id. A stream that is not given is the null device.

    It gets a process group of its own: Ctrl-C in a terminal is ours alone, and what we started we end in order.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = []
    for target, source in enumerate((stdin, stdout, stderr)):
        if source is None:
            actions.append((os.POSIX_SPAWN_OPEN, target, os.devnull, os.O_RDWR, 0))
        else:
            actions.append((os.POSIX_SPAWN_DUP2, source, target))
    variables = os.environ if environment is None else environment
    return os.posix_spawn(command[0], command, variables, file_actions=actions, setpgroup=0)


def wait(process: int, command: Sequence[str]) -> None:
    """Waits for the end of a process that was started with that command."""
    _, status = os.waitpid(process, 0)
    if status != 0:
        raise Failed(f"{' '.join(command)[:500]} ended with status {os.waitstatus_to_exitcode(status)}")


def run(command: Sequence[str]) -> None:
    """Runs a program that reads nothing and whose output nobody wants."""
    wait(start(command), command)


def run_together(commands: Sequence[Sequence[str]]) -> None:
    """Starts all programs, then waits for all of them."""
    processes = [start(command) for command in commands]
    for process, command in zip(processes, commands, strict=True):
        wait(process, command)


def feed(command: Sequence[str], data: bytes) -> None:
    """Runs a program that reads `data` and whose output nobody wants."""
    reading, writing = os.pipe()
    process = start(command, stdin=reading)
    os.close(reading)
    view = memoryview(data)
    while view:
        view = view[os.write(writing, view) :]
    os.close(writing)
    wait(process, command)


def capture(command: Sequence[str], environment: Mapping[str, str] | None = None) -> bytes:
    """What a program prints."""
    return b"".join(_output(command, environment))


def count(command: Sequence[str]) -> int:
    """How many bytes a program prints. They are read and dropped."""
    return sum(len(chunk) for chunk in _output(command))


def _output(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[bytes]:
    reading, writing = os.pipe()
    process = start(command, environment, stdout=writing)
    os.close(writing)
    while chunk := os.read(reading, PIPE_READ):
        yield chunk
    os.close(reading)
    wait(process, command)
