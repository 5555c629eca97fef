"""Fixtures of the agent's suite: scripted models, services and runs of the built exec-agent."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.agent import Service, agent_binary, environment, run_agent
from support.conversation import Start
from support.scripted import Json, ScriptedModel, says
from support.terminal import Terminal

Conversation = list[list[Json]]

ECHO = [[says("Heard.")]] * 30


@pytest.fixture
def start_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ScriptedModel]]:
    """Starts a model that plays a conversation."""
    with contextlib.ExitStack() as closing:

        def start(conversation: Conversation, *options: str) -> ScriptedModel:
            model = ScriptedModel(tmp_path_factory.mktemp("model"), conversation, *options)
            closing.callback(model.close)
            return model

        yield start


@pytest.fixture
def serve(start_model: Callable[..., ScriptedModel], user: str) -> Iterator[Callable[..., Service]]:
    """Starts a service on top of a model that plays a conversation. It has to end in order."""
    services: list[Service] = []

    def start(conversation: Conversation, *options: str, **variables: str) -> Service:
        services.append(Service(start_model(conversation), user, *options, **variables))
        return services[-1]

    yield start
    statuses = [service.close() for service in services]
    assert all(status in (0, 128 + 15, -15) for status in statuses), statuses


@pytest.fixture
def run(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path
) -> Callable[..., tuple[ScriptedModel, subprocess.CompletedProcess[str]]]:
    """Runs exec-agent on top of a model that plays a conversation, in a directory of its own."""

    def start(
        conversation: Conversation, *arguments: str, **options: str
    ) -> tuple[ScriptedModel, subprocess.CompletedProcess[str]]:
        model = start_model(conversation)
        return model, run_agent(model, user, *arguments, directory=tmp_path, **options)

    return start


@pytest.fixture
def start(start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path) -> Iterator[Start]:
    """Starts conversations on terminals with a model that answers the same to everything, or as it is told."""
    terminals: list[Terminal] = []

    def run(
        conversation: Conversation | None = None,
        *options: str,
        rows: int = 24,
        columns: int = 80,
        program: list[str] | None = None,
        **variables: str,
    ) -> tuple[ScriptedModel, Terminal]:
        model = start_model(conversation or ECHO)
        settings = {"TERM": "xterm", "LANG": "C", "AGENT_HISTORY": str(tmp_path / "state" / "history"), **variables}
        started = [*(program or [agent_binary()]), *options]
        terminal = Terminal(started, environment(model.url, user, **settings), tmp_path, rows, columns)
        terminals.append(terminal)
        if not program:
            terminal.wait_until(lambda: terminal.row == ">")
        return model, terminal

    yield run
    for terminal in terminals:
        terminal.close()
