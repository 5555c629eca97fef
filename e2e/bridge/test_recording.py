"""A run whose calls are recorded, and the same run without the servers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.fixture_server import PROGRAM, read_journal
from support.stdio_client import server_binary

SCRIPT = """
from servers import ToolError, call_tool, fixture, list_tools, together
print(list_tools("fixture"))
print([fixture.count() for _ in range(3)])
print(together(fixture.echo, [{"text": f"é{n}"} for n in range(12)]))
print(fixture.orders(), fixture.add(b=2, a=1), fixture.mixed())
for tool, arguments in ("fail", {"message": "no"}), ("refuse", {"code": -32602}), ("unknown", {}):
    try:
        call_tool("fixture", tool, arguments)
    except ToolError as error:
        print(type(error).__name__, error)
print(fixture.now())
"""


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A file that names a server, whose program is a copy."""
    shutil.copytree(PROGRAM, tmp_path / "program", ignore=shutil.ignore_patterns("__pycache__"))
    arguments = [str(tmp_path / "program"), "--journal", str(tmp_path / "journal")]
    entry = {"command": sys.executable, "args": arguments, "exec-mcp": {"tools": {"allow": ["*"]}}}
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": {"fixture": entry}}))
    return file


@pytest.fixture
def bridged(start_server: Callable[..., Any], configured: Path, tmp_path: Path, fresh_user: str) -> Callable[..., Any]:
    def start(*options: str) -> Any:
        # Each run finds an empty workspace and nothing that an earlier one learned.
        state = tmp_path / f"state-{'-'.join(options).replace('/', '_')[:20]}"
        own = ("--user", fresh_user, "--workspace", "ephemeral", "--mcp-config", str(configured))
        return start_server(*own, *options, env={"XDG_STATE_HOME": str(state)})

    return start


def test_a_script_runs_again_without_its_servers(bridged, tmp_path):
    file = tmp_path / "run.jsonl"
    client = bridged("--bridge-record", str(file))
    recorded = client.python(SCRIPT)
    assert recorded["exit_code"] == 0, recorded["stderr"]
    client.close()
    assert file.stat().st_mode & 0o777 == 0o600
    assert len({one["process"] for one in read_journal(tmp_path / "journal")}) == 1

    shutil.rmtree(tmp_path / "program")
    client = bridged("--bridge-replay", str(file))
    replayed = client.python(SCRIPT)
    assert replayed["exit_code"] == 0, replayed["stderr"]
    assert replayed["stdout"] == recorded["stdout"]
    assert replayed["stderr"] == recorded["stderr"]
    assert len({one["process"] for one in read_journal(tmp_path / "journal")}) == 1

    unknown = client.python("from servers import fixture\nfixture.echo(text='other')")
    assert "NotRecorded" in unknown["stderr"]
    assert 'fixture.echo(text="other"). The nearest that it has is fixture.echo(text=' in unknown["stderr"]


def test_a_recording_that_was_cut_off_by_a_kill_is_used(bridged, tmp_path):
    file = tmp_path / "run.jsonl"
    client = bridged("--bridge-record", str(file))
    assert client.bash("mcp call fixture echo --text one; mcp call fixture echo --text two")["exit_code"] == 0
    client.kill9()
    # The kernel finishes a short write, so the cut is made here.
    whole = file.read_bytes()
    assert whole.endswith(b"}\n")
    file.write_bytes(whole[:-20])

    client = bridged("--bridge-replay", str(file))
    result = client.bash("mcp call fixture echo --text one; mcp call fixture echo --text two")
    assert result["stdout"] == "one\n"
    assert result["exit_code"] == 3
    lines = whole.count(b"\n")
    client.wait_for_log(f"line {lines} is incomplete")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it is not a regular file, or cannot be found"),
        ("", "it is empty"),
        ('{"mcpServers": {}}\n', "line 1: not a line of a recording"),
        ('{"recording":"exec-mcp bridge","format":1,"session":"a"}\n{}\n{}\n', "line 2: not a line of a recording"),
    ],
)
def test_a_file_that_is_no_recording_says_the_line(configured, tmp_path, content, problem):
    file = tmp_path / "other.jsonl"
    if content is not None:
        file.write_text(content)
    command = [server_binary(), "--mcp-config", str(configured), "--bridge-replay", str(file)]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert run.returncode == 2
    assert f"--bridge-replay '{file}': {problem}" in run.stderr


def test_results_are_documented_in_the_next_command(bridged):
    client = bridged()
    documentation = "from servers import fixture\nprint(fixture.orders.__doc__)"
    assert "Returns: not declared\n" in client.python(documentation)["stdout"] + "\n"
    assert client.python("from servers import fixture\nfixture.orders()")["exit_code"] == 0
    shown = client.python(documentation)["stdout"]
    assert "seen: {orders: [{order_id: str, items: [{…}], note: None}]}" in shown
    assert "A1" not in shown
    read = client.call_tool("read_docstring", file_path="/mcp/servers/fixture.py", function_name="orders")
    assert "seen: {orders:" in json.dumps(read)
    assert "seen: {orders:" in client.bash("mcp help fixture orders")["stdout"]
