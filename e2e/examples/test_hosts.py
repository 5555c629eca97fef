"""The configuration files for MCP hosts: each reads well, and is what the program prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.stdio_client import REPOSITORY, server_binary

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HOSTS = REPOSITORY / "examples" / "hosts"
PLACEHOLDER = "/usr/local/bin/exec-mcp"

# How each file is read, and where in it the program's path stands.
FILES: dict[str, tuple[Callable[[str], Any], list[str]]] = {
    "claude-desktop.json": (json.loads, ["mcpServers", "exec", "command"]),
    "claude-code.json": (json.loads, ["mcpServers", "exec", "command"]),
    "vscode.json": (json.loads, ["servers", "exec", "command"]),
    "cursor.json": (json.loads, ["mcpServers", "exec", "command"]),
    "zed.json": (json.loads, ["context_servers", "exec", "command"]),
    "codex.toml": (tomllib.loads, ["mcp_servers", "exec", "command"]),
    "gemini.json": (json.loads, ["mcpServers", "exec", "command"]),
    "goose.yaml": (yaml.safe_load, ["extensions", "exec", "cmd"]),
}


def config(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [server_binary(), "config", *arguments], check=True, capture_output=True, text=True, timeout=30
    )


def test_every_host_has_a_file_and_every_file_is_checked_here() -> None:
    names = {file.name for file in HOSTS.iterdir()}
    assert names == {*FILES, "claude-code.sh"}
    assert [line.split()[0] for line in config().stdout.splitlines()] == sorted({Path(name).stem for name in names})


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_the_program_by_an_absolute_path(name: str) -> None:
    read, path = FILES[name]
    value = read((HOSTS / name).read_text())
    for key in path:
        value = value[key]
    assert value == PLACEHOLDER


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_the_program_prints(name: str) -> None:
    assert config(Path(name).stem, "--program", PLACEHOLDER).stdout == (HOSTS / name).read_text()


def test_the_command_for_claude_code_is_what_the_program_prints_beside_its_block() -> None:
    printed = config("claude-code", "--program", PLACEHOLDER).stderr
    assert printed.endswith("Or in a shell: " + (HOSTS / "claude-code.sh").read_text())


def test_the_page_of_hosts_shows_the_files_as_they_are() -> None:
    page = (REPOSITORY / "docs" / "hosts.md").read_text()
    missing = {file.name for file in HOSTS.iterdir() if file.read_text().rstrip() not in page}
    # Claude Code takes Claude Desktop's block too, and has its command line there.
    assert missing == {"claude-code.json"}
