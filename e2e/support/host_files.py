"""The files of MCP hosts, how real parsers read them, and `exec-mcp config` run in a home directory of a test's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .stdio_client import server_binary

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Run = subprocess.CompletedProcess[str]
GOOSE_MEMBERS = {"enabled": True, "type": "stdio", "envs": {}, "env_keys": []}


def without_comments(text: str) -> Any:
    """JSON as editors read it: comments and trailing commas are blanked out, the rest is read strictly."""
    token = r'"(?:[^"\\\n]|\\.)*"'
    bare = re.sub(rf"({token})|//[^\n]*|/\*.*?\*/", lambda found: found[1] or " ", text, flags=re.DOTALL)
    return json.loads(re.sub(rf"({token})|,(?=\s*[}}\]])", lambda found: found[1] or "", bare))


@dataclass(frozen=True)
class HostFile:
    """A host's file: where, how it is read, and what an entry is called in it."""

    host: str
    path: str
    read: Callable[[str], Any]
    section: str
    command: str
    before: str
    project: str | None = None
    extra: tuple[tuple[str, Any], ...] = ()

    def entry(self, program: str, arguments: list[str], name: str = "exec") -> dict[str, Any]:
        expected: dict[str, Any] = {self.command: program, **dict(self.extra)}
        if any(argument.startswith(("--workspace", "--network", "--allow-host")) for argument in arguments):
            # What runs there reaches more than its sandbox.
            expected.pop("default_tools_approval_mode", None)
        if arguments or self.host in ("zed", "goose"):
            expected["args"] = arguments
        if self.host == "goose":
            expected["name"] = name
        return expected


JSON_BEFORE = """{
    // Mine, not "SECTION": {"exec": {}}
    "theme": "dark", /* , } */
    "SECTION": {
        "other": {"command": "x", "args": ["// no comment", "\\"SECTION\\": {"]}, // the other
    },
    "nested": {"SECTION": {"exec": 1}},
}
"""
TOML_BEFORE = """# Mine
model = "o3"   # the best
notes = '''
[mcp_servers.exec]
command = "no"
'''

[mcp_servers.other]
command = "x"
args = [
  "[mcp_servers.exec]", # no table
]
"""
YAML_BEFORE = """# Mine
GOOSE_MODEL: gpt   # the best
note: |
  extensions:
    exec: no
extensions:
  developer:
    bundled: true
    name: developer   # built in
    instructions: "extensions:\\n  exec:"

last: [1, 2]
"""

CLAUDE_CODE, DESKTOP, CODEX, CURSOR, GEMINI, GOOSE, VSCODE, ZED = FILES = [
    HostFile(
        "claude-code", ".claude.json", without_comments, "mcpServers", "command", JSON_BEFORE, ".mcp.json",
        (("type", "stdio"),),
    ),
    HostFile(
        "claude-desktop", ".config/Claude/claude_desktop_config.json", without_comments, "mcpServers", "command",
        JSON_BEFORE,
    ),
    HostFile(
        "codex", ".codex/config.toml", tomllib.loads, "mcp_servers", "command", TOML_BEFORE, None,
        (("tool_timeout_sec", 660), ("default_tools_approval_mode", "approve")),
    ),
    HostFile("cursor", ".cursor/mcp.json", without_comments, "mcpServers", "command", JSON_BEFORE, ".cursor/mcp.json"),
    HostFile(
        "gemini", ".gemini/settings.json", without_comments, "mcpServers", "command", JSON_BEFORE,
        ".gemini/settings.json", (("timeout", 660_000),),
    ),
    HostFile(
        "goose", ".config/goose/config.yaml", yaml.safe_load, "extensions", "cmd", YAML_BEFORE, None,
        (*GOOSE_MEMBERS.items(), ("timeout", 660)),
    ),
    HostFile(
        "vscode", ".config/Code/User/mcp.json", without_comments, "servers", "command", JSON_BEFORE,
        ".vscode/mcp.json", (("type", "stdio"),),
    ),
    HostFile(
        "zed", ".config/zed/settings.json", without_comments, "context_servers", "command", JSON_BEFORE, None,
        (("env", {}),),
    ),
]  # fmt: skip

class Home:
    """A home directory of a test's own, and the program run in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.project = path / "project"
        self.project.mkdir()

    def config(self, *arguments: str, variables: dict[str, str] | None = None, **options: Any) -> Run:
        environment = {"HOME": str(self.path), "PATH": "/usr/bin:/bin", **(variables or {})}
        return subprocess.run(
            [server_binary(), "config", *arguments],
            capture_output=True, text=True, timeout=60, cwd=self.project, env=environment, **options,
        )  # fmt: skip

    def write(self, file: HostFile, *arguments: str) -> Run:
        run = self.config(file.host, "--write", *arguments)
        assert run.returncode == 0, run.stderr
        assert run.stderr == ""
        return run

    def place(self, file: HostFile, text: str | bytes | None = None) -> Path:
        """The host's file, with that text in it, or with what it usually is before."""
        path = self.path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            text = file.before.replace("SECTION", file.section)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def backups(self, path: Path) -> list[Path]:
        return sorted(path.parent.glob(f"{path.name}.backup-*"))

    def files(self) -> set[str]:
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*") if not path.is_dir()}


def program() -> str:
    return os.path.abspath(server_binary())
