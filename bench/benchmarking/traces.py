"""What a run leaves in the engine and on the machine, by what it is found again and removed, and that nothing stays."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Sequence

from support import engine, host_processes

from benchmarking import processes

LABEL = "io.exec-mcp.benchmark"


class Traces:
    """The names of one run. Nobody else has them."""

    def __init__(self) -> None:
        self.mark = f"bench-{secrets.token_hex(4)}"
        self._users: list[str] = []

    def user(self) -> str:
        """A user of exec-mcp that nobody has had before."""
        name = f"{self.mark}-{len(self._users)}"
        self._users.append(name)
        return name

    def containers(self) -> list[str]:
        """Containers of this run that are there still, those of exec-mcp and those of others."""
        found = engine.run("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={LABEL}={self.mark}").split()
        return found + [name for name in _names() if name.startswith(f"{engine.NAME_PREFIX}{self.mark}-")]

    def settle(self, *users: str) -> None:
        """Waits until the engine has taken away these users' containers: it works on that after the server's end."""
        engine.poll(lambda: not self.sandboxes(users), 20)

    def sandboxes(self, users: Sequence[str]) -> list[str]:
        """The containers that these users of exec-mcp have."""
        prefixes = tuple(f"{engine.NAME_PREFIX}{user}-" for user in users)
        return [name for name in _names() if name.startswith(prefixes)]

    def sweep(self) -> list[str]:
        """Removes everything that is left, and says what should not have been: all but the users' volumes."""
        engine.poll(lambda: not self.containers() and not self._processes(), 10)
        left = [f"process {process}" for process in self._processes()]
        for process in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for container in self.containers():
            left.append(f"container {container[:12]}")
            engine.run("rm", "--force", container, check=False)
        volumes = [name for name in engine.run("volume", "ls", "--quiet").split() if f"-{self.mark}-" in name]
        if volumes:
            engine.poll(lambda: not self.containers())
            engine.run("volume", "rm", "--force", *volumes, check=False)
        return left

    def _processes(self) -> list[int]:
        return host_processes.marked(self.mark) if processes.VISIBLE else []


def _names() -> list[str]:
    """The names of all containers there are."""
    return engine.run("ps", "--all", "--format", "{{.Names}}").split()
