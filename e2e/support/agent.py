"""exec-agent as a program: its service, and runs of it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import openai

from support import engine
from support.agent_service import AgentService, agent_binary, environment
from support.scripted import MODEL, ScriptedModel

Json = dict[str, Any]


def hashed_user(name: str) -> str:
    """Whose sandbox a user has whose name is none for a sandbox."""
    return f"hashed-{hashlib.sha256(name.encode()).hexdigest()[:48]}"


class Service(AgentService):
    """A running `exec-agent serve` on top of a scripted model, and the published client for it."""

    def __init__(self, model: ScriptedModel, user: str, *options: str, **variables: str) -> None:
        self.model = model
        super().__init__(model.url, user, *options, **variables)

    def client(self, key: str = "unused", **options: Any) -> openai.OpenAI:
        """The published client. It does not ask again by itself: what fails here is to be seen."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=240, **options)

    def ask(self, text: str = "Go on.", user: str | None = None, **options: Any) -> str:
        """The answer to a message, in text."""
        answer = self.client().chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": text}], user=user or self.user, **options
        )
        return answer.choices[0].message.content or ""


def run_agent(
    model: ScriptedModel, user: str, *arguments: str, directory: Path | None = None, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs exec-agent to its end."""
    return subprocess.run(
        [agent_binary(), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
        cwd=directory,
        env=environment(model.url, user, **variables),
    )


def runs(command: str, user: str) -> bool:
    """Whether a command of exactly these words runs in a user's sandbox."""
    for container in engine.containers(user):
        # One that is only just started, or ended, has no processes to list.
        listed = engine.run("top", container, "-eo", "pid,args", check=False).splitlines()[1:]
        if command in [line.split(None, 1)[1] for line in listed]:
            return True
    return False


def wait_until_it_runs(command: str, user: str) -> None:
    assert engine.poll(lambda: runs(command, user)) is not None, f"{command} does not run"


def wait_until_it_has_ended(command: str, user: str) -> None:
    assert engine.poll(lambda: not runs(command, user)) is not None, f"{command} goes on"


def json_lines(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]
