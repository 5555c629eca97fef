"""Agents of published frameworks with a scripted model: what they start, and what they are told to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import engine
from support.scripted import ScriptedModel, bash, calls, says, text_of
from support.tapped_server import TappedServer

Json = dict[str, Any]

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MAKE = f"echo 'a,b' > /artifacts/x.csv; echo {PIXEL} | base64 -d > /artifacts/p.png; echo made; exit 3"
LOOK = "cat /artifacts/x.csv; ls /artifacts"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Trial:
    """A model that makes artifacts, looks at them and answers, twice, and the server that an agent of it is given."""

    model: ScriptedModel
    server: TappedServer

    @property
    def url(self) -> str:
        return self.model.url

    def check(self, answers: list[str]) -> None:
        """The agent has gone on after the artifacts, and the model has read what its commands printed."""
        assert ["first" in answers[0], "second" in answers[1]] == [True, True], answers
        messages = self.model.bodies()[-1]["messages"]
        results = [message for message in messages if message["role"] == "tool"]
        texts = [text_of(message) for message in results]
        assert len(texts) == 3, messages
        assert '"exit_code":3' in texts[0].replace("\\", "") and "made" in texts[0]
        for name in ("x.csv (text/csv, 4 bytes)", "p.png (image/png, "):
            assert f"artifact:///{name}" in texts[0]
        assert "a,b" in texts[1] and "p.png" in texts[1]
        assert "again" in texts[2]
        # What is no text here the model's own API would refuse.
        parts = [part for message in results if isinstance(message["content"], list) for part in message["content"]]
        assert {part["type"] for part in parts} <= {"text"}


@pytest.fixture
def trial(fresh_user: str, tmp_path: Path) -> Iterator[Callable[..., Trial]]:
    """Starts a trial; afterwards everything that was said is checked, and nothing of it is left."""
    started: list[Trial] = []

    def start(prefix: str = "") -> Trial:
        def run(command: str) -> Json:
            call = bash(command)
            return {**call, "name": prefix + call["name"]}

        first = [calls(run(MAKE)), calls(run(LOOK)), says("This was the first.")]
        second = [calls(run("echo again > /artifacts/x.csv; echo again")), says("This was the second.")]
        model = ScriptedModel(tmp_path, [first, second])
        server = TappedServer(fresh_user, tmp_path / "conversation.jsonl", ("--artifact-links", "text"))
        started.append(Trial(model, server))
        return started[-1]

    yield start
    for trial in started:
        trial.model.close()
        trial.server.assert_well_spoken()
    engine.wait_until_gone(fresh_user)
