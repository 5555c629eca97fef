"""What the tests of the packages share: the wheel, installed as users do it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import packages


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel."""
    directory = tmp_path_factory.mktemp("wheel") / "environment"
    packages.run(sys.executable, "-m", "venv", directory)
    packages.install_wheel(directory / "bin" / "python")
    return directory
