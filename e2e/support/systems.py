"""A system without Swift that the packages are tried on."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from support import engine


@dataclass
class System:
    """A running container of a system."""

    suite: str
    container: str
    # The same path inside: the engine, which is outside, mounts what is below it into sandboxes.
    directory: Path
    user: str

    @property
    def environment(self) -> Path:
        """The virtual environment with the wheel."""
        return self.directory / "environment"

    def command(self, *words: str | Path, **variables: str) -> list[str]:
        """What runs a command in it."""
        options = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        return [engine.program(), "exec", "--interactive", *options, self.container, *map(str, words)]

    def run(self, *words: str | Path, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*words, **variables), capture_output=True, text=True, timeout=280, check=False
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done
