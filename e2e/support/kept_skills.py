"""Skills that an agent leaves as drafts, and the command with which a person decides about them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.stdio_client import StdioClient, server_binary

TEXT = """---
name: @NAME@
description: Greets a team in the way it likes.
---

Run `python3 /skills/@NAME@/greet.py`.
"""
CODE = """def greeting(name):
    return f'Good morning, {name}!'


if __name__ == '__main__':
    print(greeting('all'))
"""
TESTS = """from greet import greeting


def test_names_the_person():
    assert greeting('Ana') == 'Good morning, Ana!'
"""
FILES = {"SKILL.md": TEXT, "greet.py": CODE, "test_greet.py": TESTS}


class Desk:
    """Where a person decides: a state directory of its own, and users that agents work for."""

    def __init__(self, directory: Path, user: str) -> None:
        self.state, self.user = directory / "state", user
        self.environment = {**os.environ, "XDG_STATE_HOME": str(self.state)}

    @property
    def variables(self) -> dict[str, str]:
        """The environment of servers that are to see what is approved here."""
        return {"XDG_STATE_HOME": str(self.state)}

    @property
    def store(self) -> Path:
        return self.state / "exec-mcp" / "skills"

    def command(self, *arguments: str, user: str | None = None) -> list[str]:
        return [server_binary(), "skills", *arguments, "--user", user or self.user]

    def run(self, *arguments: str, user: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, user=user),
            capture_output=True,
            text=True,
            timeout=300,
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )

    def does(self, *arguments: str, user: str | None = None) -> str:
        """What a command prints that must succeed."""
        result = self.run(*arguments, user=user)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def refuses(self, *arguments: str, user: str | None = None) -> str:
        """What a command says that must fail."""
        result = self.run(*arguments, user=user)
        assert result.returncode == 1, result.stdout + result.stderr
        return result.stdout + result.stderr


def write_draft(client: StdioClient, name: str, files: dict[str, str] = FILES) -> None:
    """Writes a draft as an agent does."""
    for path, text in files.items():
        result = client.call_tool(
            "write_file", file_path=f"/workspace/skills/{name}/{path}", content=text.replace("@NAME@", name)
        )
        assert not result.get("isError"), result


def prompt_of(client: StdioClient) -> str:
    return client.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]
