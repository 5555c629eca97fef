"""examples/agent: the demo runs, and the clients hold whole conversations with the service. The model is recorded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.agent import agent_binary
from support.stdio_client import REPOSITORY, server_binary

EXAMPLES = REPOSITORY / "examples" / "agent"
PICTURE = "cups-by-hour.png"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LAST_WORDS = "I am a recording"


def run_demo(output: Path, agent: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    programs = ["--agent", agent or agent_binary(), "--server", server_binary()]
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py"), *programs, "--output", str(output)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **environment},
    )


def test_the_demo_leaves_the_picture(tmp_path: Path) -> None:
    demo = run_demo(tmp_path)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert (tmp_path / PICTURE).read_bytes().startswith(PNG_SIGNATURE)
    assert "exit 1 in" in demo.stderr, "the recording makes a mistake, and corrects it"
    assert "Noon is the busiest hour" in demo.stdout


def test_settings_for_other_agents_do_not_change_the_demo(tmp_path: Path) -> None:
    demo = run_demo(
        tmp_path, OPENAI_BASE_URL="http://127.0.0.1:9/v1", DEFAULT_MODEL="x", MCP_SERVER_COMMAND="/bin/false"
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr


def test_a_missing_agent_is_named_with_its_remedy(tmp_path: Path) -> None:
    demo = run_demo(tmp_path, agent=str(tmp_path / "exec-agent"))
    assert demo.returncode == 1
    assert str(tmp_path / "exec-agent") in demo.stderr and "make build" in demo.stderr
    assert "Traceback" not in demo.stderr


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The address of the recorded model."""
    command = [sys.executable, str(EXAMPLES / "scripted_model.py"), "--script", str(EXAMPLES / "cups.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="module")
def environment(model: str) -> Iterator[dict[str, str]]:
    """What exec-agent is started with. The sandboxes' users are removed with their workspaces."""
    user = f"examples-{uuid.uuid4().hex[:8]}"
    yield {
        **os.environ,
        "OPENAI_BASE_URL": model,
        "DEFAULT_MODEL": "scripted",
        "MCP_SERVER_COMMAND": f"{server_binary()} --workspace ephemeral",
        "MCP_EXECUTOR_USER": user,
        "EXEC_AGENT": agent_binary(),
    }
    engine.wait_until_gone(user)


@pytest.fixture(scope="module")
def service(environment: dict[str, str]) -> Iterator[str]:
    """The address of a service."""
    command = [agent_binary(), "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        found = re.search(r"http://[^\s,]+", process.stderr.readline())
        assert found, "the service did not say where it listens"
        yield found[0]
        process.terminate()
        process.wait(60)


def run(*command: str, **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_openai_package(service: str, tmp_path: Path) -> None:
    printed = run(sys.executable, str(EXAMPLES / "with_openai.py"), "--base-url", f"{service}/v1", cwd=tmp_path)
    assert "Noon is the busiest hour" in printed and LAST_WORDS in printed
    assert (tmp_path / "agent-output" / PICTURE).read_bytes().startswith(PNG_SIGNATURE)


def test_curl(service: str) -> None:
    printed = run(str(EXAMPLES / "with_curl.sh"), service)
    assert "Noon is the busiest hour" in printed and LAST_WORDS in printed
    assert PICTURE in printed


def test_a_local_model(environment: dict[str, str]) -> None:
    given = {name: value for name, value in environment.items() if name != "DEFAULT_MODEL"}
    assert "Noon is the busiest hour" in run(str(EXAMPLES / "local_model.sh"), "When?", env=given)


def test_no_local_model(environment: dict[str, str]) -> None:
    given = {**environment, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    done = subprocess.run([EXAMPLES / "local_model.sh", "x"], capture_output=True, text=True, timeout=60, env=given)
    assert done.returncode == 1 and "no model server answers at http://127.0.0.1:9/v1" in done.stderr
