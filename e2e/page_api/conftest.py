"""Fixtures of the page's suite: services on top of scripted models, and clients of their routes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from support.agent import Service
from support.scripted import Json, ScriptedModel

Conversation = list[list[Json]]
Serve = Callable[..., Service]


@pytest.fixture
def serve(tmp_path_factory: pytest.TempPathFactory, user: str) -> Iterator[Serve]:
    """Starts a service on top of a model that plays a conversation. It has a directory of its own for conversations."""
    services: list[Service] = []
    with contextlib.ExitStack() as closing:

        def start(conversation: Conversation, *options: str, **variables: str) -> Service:
            model = ScriptedModel(tmp_path_factory.mktemp("model"), conversation)
            closing.callback(model.close)
            settings = {"AGENT_SESSIONS": str(tmp_path_factory.mktemp("sessions") / "conversations"), **variables}
            services.append(Service(model, user, *options, **settings))
            return services[-1]

        yield start
        for service in services:
            if service.process.poll() is None:
                service.close()
