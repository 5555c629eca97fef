"""Command lines of the engine and of this machine, as argument arrays."""

from __future__ import annotations

import subprocess

from support import engine

from benchmarking import processes
from benchmarking.traces import LABEL

DOCKER_EXEC = "docker exec"
DOCKER_RUN = "docker run -i --rm"
DOCKER_RUN_HARDENED = "docker run, all our flags"
SUBPROCESS = "bash -c, subprocess.run"
SPAWN = "bash -c, posix_spawn"

Command = list[str]


def docker_exec(container: str, *words: str, interactive: bool = False) -> Command:
    flags = ["--interactive"] if interactive else []
    return [processes.program(engine.program()), "exec", *flags, container, *words]


def docker_run(mark: str, *words: str) -> Command:
    """What any sandbox needs at least: no network, no log on disk, nothing left."""
    flags = ["--interactive", "--rm", "--network", "none", "--log-driver", "none", "--label", f"{LABEL}={mark}"]
    return [processes.program(engine.program()), "run", *flags, engine.IMAGE, *words]


def docker_run_hardened(mark: str, arguments: list[str], program: str) -> Command:
    """The same with the arguments that exec-mcp starts its sandboxes with."""
    mine = ["--label", f"{LABEL}={mark}", "--entrypoint", program, engine.IMAGE]
    return [processes.program(engine.program()), *arguments, *mine]


def bash(command: str) -> Command:
    return [processes.program("bash"), "-c", command]


def by_subprocess(command: Command) -> None:
    """Runs a command as a Python program usually does."""
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
