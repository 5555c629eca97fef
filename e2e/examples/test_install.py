"""make install: the programs with their skills and tools where they find each other, and nothing left by uninstall."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.stdio_client import REPOSITORY, StdioClient

PREFIX = "/opt/exec mcp"


def make(target: str, destination: Path) -> str:
    # Not a part of the make that may have started the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    run = subprocess.run(
        ["make", target, f"PREFIX={PREFIX}", f"DESTDIR={destination}"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where it was installed, and what was printed."""
    destination = tmp_path_factory.mktemp("install")
    return destination, make("install", destination)


def test_it_prints_the_block_with_the_path_that_will_be_real(installed: tuple[Path, str]) -> None:
    _, printed = installed
    assert f'"command": "{PREFIX}/bin/exec-mcp"' in printed


def test_the_program_finds_its_skills_and_tools_from_anywhere(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    program = f"{destination}{PREFIX}/bin/exec-mcp"
    with StdioClient(command=[program], cwd="/", env={"PATH": "", "MCP_TOOLS_PATH": None}) as client:
        client.initialize()
        prompt = client.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]
    assert "/skills/data-visualization/SKILL.md" in prompt and "`sympy_helpers`" in prompt


def test_the_agent_finds_the_server_beside_it(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    program = f"{destination}{PREFIX}/bin/exec-agent"
    # The endpoint accepts no connections; that it is asked at all says that the server was started.
    environment = {"PATH": "", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "DEFAULT_MODEL": "m", "TERM": "dumb"}
    run = subprocess.run(
        [program, "--max-seconds", "60", "Hello"], cwd="/", env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 1 and "127.0.0.1 does not accept connections" in run.stderr, run.stderr


def test_the_sandboxs_user_may_read_what_was_installed(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    closed = [
        path
        for path in Path(f"{destination}{PREFIX}/share").rglob("*")
        if path.stat().st_mode & 0o044 != 0o044 or (path.is_dir() and path.stat().st_mode & 0o011 != 0o011)
    ]
    assert closed == []


def test_nothing_but_sources_is_installed(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    suffixes = {path.suffix for path in Path(f"{destination}{PREFIX}/share").rglob("*") if path.is_file()}
    assert suffixes == {".md", ".py"}


def test_uninstall_leaves_nothing(tmp_path: Path) -> None:
    make("install", tmp_path)
    make("uninstall", tmp_path)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
