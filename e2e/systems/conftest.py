"""Systems without Swift, each a container that the engine's socket, the packages and a directory are mounted into."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import engine, packages

SUITES = ("bullseye", "bookworm", "trixie")
SOCKET = "/var/run/docker.sock"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


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


def start(suite: str, directory: Path) -> str:
    mounts = [f"{SOCKET}:{SOCKET}", f"{packages.directory()}:/packages:ro", f"{directory}:{directory}"]
    options = [word for mount in mounts for word in ("--volume", mount)]
    # The network of this machine, where the scripted model is.
    run = ["run", "--detach", "--rm", "--init", "--network", "host", *options]
    return packages.run(engine.program(), *run, f"exec-mcp-system:{suite}", "sleep", "3600").strip()


@pytest.fixture(scope="module", params=SUITES)
def system(request: pytest.FixtureRequest, user: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system with the wheel in a virtual environment."""
    directory = tmp_path_factory.mktemp(request.param)
    # The sandbox reads skills and tools as another user.
    for parent in [directory, *directory.parents[:2]]:
        parent.chmod(0o755)
    made = System(request.param, start(request.param, directory), directory, user)
    try:
        made.run("python3", "-m", "venv", made.environment)
        pip = ["-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
        made.run(made.environment / "bin/python", *pip, f"/packages/{packages.wheel().name}")
        yield made
    finally:
        print(f"removing {made.suite}", file=sys.stderr)
        packages.run(engine.program(), "rm", "--force", made.container)
