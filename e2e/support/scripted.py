"""The scripted model as a program, and scripts for it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from support.stdio_client import REPOSITORY

PROGRAM = REPOSITORY / "examples" / "agent" / "scripted_model.py"
MODEL = "scripted"

Json = dict[str, Any]


def call(name: str, **arguments: Any) -> Json:
    return {"name": name, "arguments": arguments}


def bash(command: str, **arguments: Any) -> Json:
    return call("execute_bash", command=command, **arguments)


def calls(*tool_calls: Json, **members: Any) -> Json:
    """A turn that calls tools."""
    return {"tool_calls": list(tool_calls), **members}


def says(text: str | list[str], **members: Any) -> Json:
    """A turn that answers."""
    return {"text": text, **members}


def script(*turns: Json) -> list[list[Json]]:
    """A conversation of one message of the user."""
    return [list(turns)]


class ScriptedModel:
    """A running model. Each entry of `conversation` is the turns that answer one message of the user."""

    def __init__(self, directory: Path, conversation: list[list[Json]], *options: str) -> None:
        file = directory / "script.json"
        file.write_text(json.dumps({"model": MODEL, "conversation": [{"turns": turns} for turns in conversation]}))
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), "--script", str(file), *options], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the scripted model did not start"

    def requests(self) -> list[Json]:
        """The requests so far, each with its `headers` and its `body`."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/__requests", timeout=60) as answer:
            return json.load(answer)

    def bodies(self) -> list[Json]:
        return [request["body"] for request in self.requests()]

    def results(self) -> list[str]:
        """The texts of the tools' results in the last request."""
        return [text_of(message) for message in self.bodies()[-1]["messages"] if message["role"] == "tool"]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def text_of(message: Json) -> str:
    content = message["content"] or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
