"""The configuration files for MCP hosts: each reads well, names the program, and takes any path in its place."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.stdio_client import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HOSTS = REPOSITORY / "examples" / "hosts"
CONFIG = REPOSITORY / "examples" / "config.py"
PLACEHOLDER = "/usr/local/bin/exec-mcp"
ODD_PATH = '/home/jo "x" \\ ü/o\'b $HOME/exec-mcp'

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


def config(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, str(CONFIG), *arguments], check=True, capture_output=True, text=True, timeout=30
    ).stdout


def program_in(name: str, text: str) -> str:
    read, path = FILES[name]
    value = read(text)
    for key in path:
        value = value[key]
    return value


def test_every_host_has_a_file_and_every_file_is_checked_here() -> None:
    names = {file.name for file in HOSTS.iterdir()}
    assert names == {*FILES, "claude-code.sh"}
    assert config().split() == sorted({Path(name).stem for name in names})


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_the_program_by_an_absolute_path(name: str) -> None:
    assert program_in(name, (HOSTS / name).read_text()) == PLACEHOLDER


@pytest.mark.parametrize("name", [name for name in FILES if name != "claude-code.json"])
def test_any_path_can_take_the_place_of_the_files_own(name: str) -> None:
    assert program_in(name, config(Path(name).stem, "--program", ODD_PATH)) == ODD_PATH


def test_the_command_for_claude_code_quotes_the_path_for_a_shell() -> None:
    command, _, block = config("claude-code", "--program", ODD_PATH).partition("\n")
    assert shlex.split(command)[-2:] == ["--", ODD_PATH]
    assert program_in("claude-code.json", block) == ODD_PATH


def test_the_readme_shows_the_files_as_they_are() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    missing = {file.name for file in HOSTS.iterdir() if file.read_text().rstrip() not in readme}
    # Claude Code takes Claude Desktop's block too, and has its command line there.
    assert missing == {"claude-code.json"}
