"""make install: the programs with their skills and tools where they find each other, and nothing left by uninstall.
And the README's own words, as a newcomer types them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from examples.markdown import fenced
from support.stdio_client import REPOSITORY, StdioClient

PREFIX = "/opt/exec mcp"


def outside_make() -> dict[str, str]:
    """The environment, without what says that this is a part of the make that may have started the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def make(target: str, destination: Path) -> str:
    run = subprocess.run(
        ["make", target, f"PREFIX={PREFIX}", f"DESTDIR={destination}"],
        cwd=REPOSITORY,
        env=outside_make(),
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


@pytest.mark.skipif(sys.platform != "linux", reason="the page says it of Linux")
def test_it_needs_the_libraries_that_the_page_names(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    system = {"libc", "libm", "libstdc++", "libgcc_s", "ld-linux-x86-64", "ld-linux-aarch64"}
    for name, others in (("exec-mcp", set()), ("exec-agent", {"libcurl"})):
        command = ["readelf", "--dynamic", f"{destination}{PREFIX}/bin/{name}"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        needed = set(re.findall(r"Shared library: \[(.*?)\.so", listed))
        assert needed - system == others
        assert "libc" in needed


def test_uninstall_leaves_nothing(tmp_path: Path) -> None:
    make("install", tmp_path)
    make("uninstall", tmp_path)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_the_readmes_installation_works_word_for_word(tmp_path: Path) -> None:
    """In a home of its own; the build keeps this account's, where its caches are."""
    installation = (REPOSITORY / "README.md").read_text().partition("\n## Installation\n")[2].partition("\n## ")[0]
    (_, commands), *_ = fenced(installation)
    printed = ""
    for command in commands.splitlines():
        home = {"PREFIX": f"{tmp_path}/.local"} if command.startswith("make ") else {"HOME": str(tmp_path)}
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=REPOSITORY,
            env={**outside_make(), **home, "MCP_EXECUTOR_WORKSPACE": "ephemeral"},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert run.returncode == 0, f"{command}\n{run.stdout}{run.stderr}"
        printed += run.stdout
    block = re.search(r"^\{$.*?^\}$", printed, re.MULTILINE | re.DOTALL)
    assert block, printed
    shown = next(text for language, text in fenced(installation) if language == "json")
    assert json.loads(block[0]) == json.loads(shown.replace("/usr/local", f"{tmp_path}/.local"))
    server = json.loads(block[0])["mcpServers"]["exec"]
    with StdioClient(["--workspace", "ephemeral"], command=[server["command"]], cwd="/") as client:
        client.initialize()
        assert client.bash("echo $((6 * 7))")["stdout"] == "42\n"
