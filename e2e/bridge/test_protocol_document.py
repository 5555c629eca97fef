"""The examples of the protocol's document run as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from support.scripted_bridge import ScriptedBridge, text

DOCUMENT = (Path(__file__).parents[2] / "docs" / "bridge-protocol.md").read_text()
CALL = {"server": "git", "tool": "git_status", "arguments": {"repo_path": "."}}


def example(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
    return found


def run(bridge: ScriptedBridge, environment: dict[str, str], *command: str) -> str:
    bridge.tools["git_status"] = text("clean")
    bridge.handlers["servers"] = lambda request: {"servers": []}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.stderr, run.returncode) == ("", 0)
    assert bridge.calls() == [CALL]
    return run.stdout


def test_the_example_in_bash_runs(bridge: ScriptedBridge, environment: dict[str, str]) -> None:
    lines = run(bridge, environment, "bash", "-c", example("bash")).splitlines()
    answers = {message["id"]: message["result"] for message in map(json.loads, lines)}
    assert answers == {1: text("clean"), 2: {"servers": []}}


def test_the_example_in_perl_runs(bridge: ScriptedBridge, environment: dict[str, str]) -> None:
    assert json.loads(run(bridge, environment, "perl", "-e", example("perl"))) == {"id": 1, "result": text("clean")}


def test_every_error_is_in_the_document(installed: object) -> None:
    from servers import _errors

    named = set(re.findall(r"`(\w+)`", DOCUMENT.split("## Errors")[1].split("## In bash")[0]))
    assert set(_errors._CLASSES) <= named


@pytest.mark.parametrize(
    "method", ["servers", "tools", "search", "tool", "call", "resources", "read", "prompts", "log"]
)
def test_every_method_is_in_the_document(method: str) -> None:
    assert f"| `{method}` |" in DOCUMENT
