"""exec-agent as a program: its service, and runs of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import openai

from support import engine
from support.scripted import MODEL, ScriptedModel
from support.stdio_client import REPOSITORY, server_binary

Json = dict[str, Any]

START_WAIT = 60.0


def agent_binary() -> str:
    """The exec-agent under test: EXEC_AGENT_BINARY, or the release build."""
    return os.environ.get("EXEC_AGENT_BINARY") or str(REPOSITORY / ".build" / "release" / "exec-agent")


def environment(model_url: str, user: str, **variables: str) -> dict[str, str]:
    """What exec-agent is started with: this model, and a real exec-mcp whose sandboxes are the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "AGENT_", "DEFAULT_"))}
    return {
        **kept,
        "OPENAI_BASE_URL": model_url,
        "DEFAULT_MODEL": MODEL,
        "MCP_SERVER_COMMAND": server_binary(),
        "MCP_EXECUTOR_USER": user,
        # Not the history and the conversations of the person who runs the tests.
        "AGENT_HISTORY": "off",
        "AGENT_SESSIONS": "memory",
        **variables,
    }


def hashed_user(name: str) -> str:
    """Whose sandbox a user has whose name is none for a sandbox."""
    return f"hashed-{hashlib.sha256(name.encode()).hexdigest()[:48]}"


class Service:
    """A running `exec-agent serve`."""

    def __init__(self, model: ScriptedModel, user: str, *options: str, **variables: str) -> None:
        self.model = model
        self.user = user
        self.process = subprocess.Popen(
            [agent_binary(), "serve", "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(model.url, user, **variables),
        )
        self.log: list[str] = []
        self._address: str | None = None
        self._announced = threading.Event()
        threading.Thread(target=self._read_log, daemon=True).start()
        assert self._announced.wait(START_WAIT) and self._address, f"the service did not start: {self.log}"

    def _read_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r"http://[^\s/]+:\d+", line):
                self._address = self._address or found[0]
                self._announced.set()
        self._announced.set()

    def wait_for_log(self, *words: str, count: int = 1) -> str:
        """The log once each of the words is in it so often: it comes on a stream of its own, beside the answers."""
        told = engine.poll(lambda: all("".join(self.log).count(one) >= count for one in words))
        assert told is not None, self.log
        return "".join(self.log)

    @property
    def url(self) -> str:
        assert self._address
        return self._address

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def client(self, key: str = "unused", **options: Any) -> openai.OpenAI:
        """The published client. It does not ask again by itself: what fails here is to be seen."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=240, **options)

    def ask(self, text: str = "Go on.", user: str | None = None, **options: Any) -> str:
        """The answer to a message, in text."""
        answer = self.client().chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": text}], user=user or self.user, **options
        )
        return answer.choices[0].message.content or ""

    def close(self) -> int:
        """Ends the service in order; returns its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


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
