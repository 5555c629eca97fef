"""Fixtures of every end-to-end suite: a user of its own for each module, servers whose conversations are checked."""

from __future__ import annotations

import contextlib
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import engine
from support.schemas import assert_valid_conversation
from support.stdio_client import StdioClient
from support.tapped_server import TappedServer

# Under `nohup` this signal is ignored, and would be in every server that is started here: they honour that. A handler
# leaves them the usual way, because a new program inherits none, and the tests still go on without their terminal.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)
# A shell that starts something in the background has it ignore these two.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN:
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def new_user(request: pytest.FixtureRequest) -> str:
    module = request.node.path.stem.removeprefix("test_").replace("_", "-")
    return f"{module}-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def user(request: pytest.FixtureRequest) -> Iterator[str]:
    """A user that nobody else has; whatever the engine keeps of it is removed at the end."""
    name = new_user(request)
    yield name
    engine.remove_everything(name)


@pytest.fixture(scope="module")
def client(user: str) -> Iterator[StdioClient]:
    """One initialized server for a whole module."""
    with StdioClient(["--user", user]) as shared:
        shared.initialize()
        yield shared
    assert_valid_conversation(shared.journal)


@pytest.fixture
def start_server(user: str) -> Iterator[Callable[..., StdioClient]]:
    """Starts servers for the module's user; `initialize=None` leaves them untouched, `user=` is another user's."""
    started: list[StdioClient] = []
    closing = contextlib.ExitStack()

    def start(*arguments: str, initialize: str | None = "2025-11-25", **options: object) -> StdioClient:
        server = StdioClient(["--user", user, *arguments], **options)
        started.append(server)
        closing.callback(server.close)
        if initialize:
            server.initialize(initialize)
        return server

    yield start
    closing.close()
    for server in started:
        assert_valid_conversation(server.journal)


@pytest.fixture(scope="module")
def passing_users() -> Iterator[list[str]]:
    """Users of single tests; they are removed with their module, when all servers are closed."""
    names: list[str] = []
    yield names
    engine.remove_everything(*names)


@pytest.fixture
def fresh_user(request: pytest.FixtureRequest, passing_users: list[str]) -> str:
    """A user for one test alone."""
    name = new_user(request)
    passing_users.append(name)
    return name


@pytest.fixture
def tapped_server(user: str, tmp_path: Path) -> Iterator[TappedServer]:
    """A server for a published client to start; afterwards the whole conversation is checked and the sandbox gone."""
    server = TappedServer(user, tmp_path / "conversation.jsonl")
    yield server
    server.assert_well_spoken()
    engine.wait_until_gone(user)
