"""Fixtures of the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.host_files import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)
