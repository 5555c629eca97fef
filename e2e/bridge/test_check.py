"""`exec-mcp bridge check`, and servers that should not be, or say what they should not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.fixture_server import entry
from support.stdio_client import server_binary

Json = dict[str, Any]

# Colors, a title, a control sequence introducer of one character, a change of direction, and a line of a log.
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202eright to left\rexec-mcp: error: forged"

HOSTILE_SERVER = f"""
import json, sys
hostile = {HOSTILE!r}
print(hostile, file=sys.stderr, flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    answer = {{"error": {{"code": -32601, "message": hostile}}}}
    if message["method"] == "initialize":
        info = {{"name": hostile, "version": hostile}}
        result = {{"protocolVersion": "2025-06-18", "capabilities": {{"tools": {{}}}}, "serverInfo": info}}
        answer = {{"result": result}}
    elif message["method"] == "tools/list" and sys.argv[1:] == ["tools"]:
        tool = {{"name": "x" + hostile, "description": hostile, "inputSchema": {{"type": "object"}}}}
        answer = {{"result": {{"tools": [tool, {{"name": hostile * 9, "inputSchema": hostile}}]}}}}
    elif message["method"] == "tools/list" and sys.argv[1:] == ["die"]:
        sys.exit(hostile)
    print(json.dumps({{"jsonrpc": "2.0", "id": message["id"], **answer}}), flush=True)
"""


def check(directory: Path, servers: Json, *options: str) -> subprocess.CompletedProcess[str]:
    file = directory / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    return subprocess.run(
        [server_binary(), "bridge", "check", "--mcp-config", str(file), *options],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(directory)},
    )


def controls(text: str) -> set[str]:
    """The characters of a text that control a terminal."""
    return {character for character in text if character != "\n" and not character.isprintable()}


def test_refused_tools_are_named_with_their_rule_and_what_would_allow_them(tmp_path: Path) -> None:
    rules = {"tools": {"deny": ["e*"], "ask": ["slow"]}}
    only = ("--only", "count")
    done = check(
        tmp_path, {"one": {**entry(), "exec-mcp": rules}, "two": entry(*only), "three": entry("--only", "add")}
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    one = lines.index(next(line for line in lines if line.startswith("ok    one")))
    two = lines.index(next(line for line in lines if line.startswith("ok    two")))
    three = lines.index(next(line for line in lines if line.startswith("ok    three")))
    assert "refused by the rule deny e*: echo" in "\n".join(lines[one:two])
    assert "a person is asked by the rule ask slow: slow" in "\n".join(lines[one:two])
    assert "1 tool, 1 needs approval; servers.two" in lines[two]
    assert lines[two + 1 : three] == [
        "      a person is asked by the rule default: count",
        '        to let them run: "exec-mcp": {"tools": {"allow": ["count", …]}} in the entry two',
    ]
    assert lines[three + 1 :] == []


def test_what_the_file_has_in_vain_is_a_failure(tmp_path: Path) -> None:
    done = check(tmp_path, {"one": entry("--only", "add"), "two": {"command": "x", "args": ["${NOT_SET}"]}, "three": 3})
    assert done.returncode == 1
    assert done.stdout.startswith("ok    one")
    assert "two" in done.stderr
    assert "three" in done.stderr


@pytest.mark.parametrize("command", ["--help", "bridge check", "bridge rules", "bridge import vscode"])
def test_output_that_cannot_be_written_is_a_failure(tmp_path: Path, command: str) -> None:
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": {"one": entry("--only", "add")}}))
    vscode = tmp_path / ".config/Code/User/mcp.json"
    vscode.parent.mkdir(parents=True)
    vscode.write_text(json.dumps({"servers": {"one": entry("--only", "add")}}))
    options = ["--mcp-config", str(file)] if command in ("bridge check", "bridge rules") else []
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [server_binary(), *command.split(), *options],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        )
    assert done.returncode == 1
    # What is longer than a buffer may fail in the middle, where the reason is not kept.
    reasons = ("a part of the output is missing", "No space left on device")
    assert done.stderr.endswith(tuple(f"cannot write to standard output: {reason}\n" for reason in reasons))


def test_an_import_works_as_it_stands(tmp_path: Path) -> None:
    inputs = [{"id": "mode", "type": "promptString", "default": "add"}, {"id": "key", "password": True}]
    vscode = tmp_path / ".config/Code/User/mcp.json"
    vscode.parent.mkdir(parents=True)
    vscode.write_text(json.dumps({"servers": {"one": entry("--only", "${input:mode}")}, "inputs": inputs}))
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    imported = subprocess.run(
        [server_binary(), "bridge", "import", "vscode"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert imported.returncode == 0, imported.stderr
    assert json.loads(imported.stdout)["inputs"] == inputs
    file = tmp_path / "imported.json"
    file.write_text(imported.stdout)
    done = subprocess.run(
        [server_binary(), "bridge", "check", "--mcp-config", str(file)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "1 tool" in done.stdout


def test_a_server_that_is_gone_is_a_difference_of_the_stubs(tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    own = "print('mine')\n"

    def write(servers: Json) -> str:
        file = tmp_path / "servers.json"
        file.write_text(json.dumps({"mcpServers": servers}))
        return subprocess.run(
            [server_binary(), "bridge", "stubs", str(stubs), "--mcp-config", str(file)],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        ).stdout

    write({"one": entry("--only", "add"), "two": entry("--only", "add")})
    (stubs / "mine.py").write_text(own)
    assert f"removed {stubs}/two.py" in write({"one": entry("--only", "add")})
    assert sorted(path.name for path in stubs.iterdir()) == ["mine.py", "one.py"]
    assert (stubs / "mine.py").read_text() == own


@pytest.mark.parametrize("launcher", [["env", "-i"], ["sh", "-c", 'exec env -i "$@"', "sh"], ["nice", "env", "-i"]])
def test_a_bridge_within_a_bridge_is_found_whatever_starts_it(tmp_path: Path, launcher: list[str]) -> None:
    command, *arguments = [*launcher, server_binary(), "--mcp-config", str(tmp_path / "servers.json")]
    done = check(tmp_path, {"again": {"command": command, "args": arguments}})
    assert done.returncode == 1
    assert done.stdout.startswith("FAIL  again")
    assert "another exec-mcp started" in done.stdout


@pytest.mark.parametrize("way", ["tools", "error", "die"])
def test_what_servers_say_does_not_control_the_terminal(tmp_path: Path, way: str) -> None:
    program = tmp_path / "server.py"
    program.write_text(HOSTILE_SERVER)
    server = {"command": sys.executable, "args": [str(program), way]}
    done = check(tmp_path, {"hostile": server}, "--log-level", "debug")
    assert "forged" in done.stdout + done.stderr
    assert controls(done.stdout) == set()
    assert controls(done.stderr) == set()
    assert not [line for line in done.stderr.splitlines() if line.startswith("exec-mcp: error: forged")]
