"""Systems without Swift, each a container that the engine's socket, the packages and a directory are mounted into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine, packages
from support.systems import System

SUITES = ("bullseye", "bookworm", "trixie")
SOCKET = "/var/run/docker.sock"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def start(suite: str, directory: Path) -> str:
    mounts = [f"{SOCKET}:{SOCKET}", f"{packages.directory()}:/packages:ro", f"{directory}:{directory}"]
    options = [word for mount in mounts for word in ("--volume", mount)]
    # The network of this machine, where the scripted model is.
    run = ["run", "--detach", "--rm", "--network", "host", *options]
    return packages.run(engine.program(), *run, f"exec-mcp-system:{suite}", "sleep", "3600").strip()


@pytest.fixture(scope="module", params=SUITES)
def system(request: pytest.FixtureRequest, user: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system with the wheel in a virtual environment."""
    directory = tmp_path_factory.mktemp(request.param)
    made = System(request.param, start(request.param, directory), directory, user)
    try:
        made.run("python3", "-m", "venv", made.environment)
        made.run(made.environment / "bin/python", *packages.PIP_INSTALL, f"/packages/{packages.wheel().name}")
        yield made
    finally:
        packages.run(engine.program(), "rm", "--force", made.container)
