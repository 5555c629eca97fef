"""The published clients are asynchronous; asyncio is what their users run them on."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
