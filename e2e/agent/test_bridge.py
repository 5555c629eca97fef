"""`exec-agent --bridge`: code in the sandbox calls the tools of the servers in `--mcp-config`; the model sees none."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import engine
from support.agent import Service, agent_binary, environment, wait_until_it_runs
from support.conversation import Start
from support.fixture_server import entry, read_journal
from support.scripted import ScriptedModel, bash, calls, says, script, text_of

Json = dict[str, Any]
Run = Callable[..., tuple[ScriptedModel, subprocess.CompletedProcess[str]]]
OPEN = {"exec-mcp": {"tools": {"allow": ["*"]}}}
OWN_TOOLS = {"execute_bash", "read_docstring", "read_file", "write_file"}
ADD = bash("python3 -c 'from servers import fixture; print(fixture.add(a=20, b=22))'")


@pytest.fixture
def private(tmp_path: Path) -> dict[str, str]:
    """Variables with directories of the test's own."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    return {"XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(tmp_path / "state")}


def write(directory: Path, servers: Json, name: str = "servers.json", **members: Any) -> str:
    file = directory / name
    file.write_text(json.dumps({"mcpServers": servers, **members}))
    return str(file)


def tools_of(body: Json) -> set[str]:
    return {tool["function"]["name"] for tool in body["tools"]}


def test_a_script_calls_the_tools_and_the_model_sees_none_of_them(
    run: Run, tmp_path: Path, private: dict[str, str]
) -> None:
    journal = tmp_path / "journal"
    file = write(tmp_path, {"fixture": {**entry("--journal", str(journal), "--tools", "60"), **OPEN}})
    arguments = ("--bridge", "--mcp-config", file, "Add.")
    model, done = run(script(calls(ADD), says("{{result}}")), *arguments, **private)
    assert done.returncode == 0, done.stderr
    assert "'sum': 42" in done.stdout
    for body in model.bodies():
        assert tools_of(body) == OWN_TOOLS
    prompt = text_of(model.bodies()[0]["messages"][0])
    assert "from servers import fixture" in prompt
    note = re.search(
        r"--bridge: code calls (\d+) tools of fixture; each request is about (\d+) tokens shorter than with their "
        r"definitions \(about (\d+), instead of which the prompt has about (\d+)\)",
        done.stderr,
    )
    assert note, done.stderr
    count, saved, schemas, section = map(int, note.groups())
    assert count > 60
    assert saved > 1000
    assert abs(schemas - section - saved) <= 20
    assert read_journal(journal, "call")
    assert list((tmp_path / "runtime").iterdir()) == [], "the file with the servers is gone"


def test_the_estimate_is_near_what_the_model_would_be_sent(run: Run, tmp_path: Path, private: dict[str, str]) -> None:
    """Against the definitions in a request without --bridge: a token has about four bytes."""
    file = write(tmp_path, {"fixture": {**entry("--tools", "60"), **OPEN}})
    model, done = run(script(says("Hello.")), "--mcp-config", file, "Hi.", **private)
    assert done.returncode == 0, done.stderr
    tools = [tool for tool in model.bodies()[0]["tools"] if tool["function"]["name"] not in OWN_TOOLS]
    size = sum(len(json.dumps(tool, separators=(",", ":"))) for tool in tools)
    _, done = run(script(says("Hello.")), "--bridge", "--mcp-config", file, "Hi.", **private)
    about = int(re.search(r"definitions \(about (\d+)", done.stderr)[1])
    assert size / 5 < about < size / 3
    assert f"code calls {len(tools)} tools" in done.stderr


def test_what_is_disabled_for_the_agent_is_not_in_the_bridge(run: Run, tmp_path: Path, private: dict[str, str]) -> None:
    servers = {
        "fixture": {**entry(), **OPEN, "disabledTools": ["echo"]},
        "off": {**entry(), "disabled": True},
        "few": {**entry(), **OPEN, "enabledTools": ["add", "now"]},
        "no": {**entry(), **OPEN},
    }
    file = write(tmp_path, servers, mcp={"excluded": ["no"]}, permissions={"deny": ["mcp__few__now"]})
    program = """
import servers
print([line.name for line in servers.list_servers()], [line.tool for line in servers.list_tools("few")])
print("echo" in [line.tool for line in servers.list_tools("fixture")])
for tool in ("fixture__echo", "few__now", "off__add", "no__add"):
    try:
        servers.callMCPTool(tool, {"text": "x"})
    except servers.ToolNotFound as error:
        print(type(error).__name__)
"""
    turn = calls(bash(f"python3 - <<'END'\n{program}\nEND"))
    model, done = run(script(turn, says("Done.")), "--bridge", "--mcp-config", file, "Go.", **private)
    assert done.returncode == 0, done.stderr
    lines = json.loads(model.results()[0])["stdout"].splitlines()
    assert lines[:2] == ["['fixture', 'few'] ['add']", "False"]
    assert lines[2:] == ["ToolNotFound"] * 4 or set(lines[2:]) <= {"ToolNotFound", "ServerNotFound"}


def test_variables_and_inputs_are_resolved_as_by_exec_mcp(run: Run, tmp_path: Path, private: dict[str, str]) -> None:
    """Also the agent's own variables that exec-mcp does not get, if an entry names them; nothing is resolved twice."""
    own = entry()
    own["env"] = {"TOKEN": "${OPENAI_API_KEY}", "ASKED": "${input:the-key}", "TWICE": "${TWICE}", "LITERAL": "$HOME"}
    file = write(tmp_path, {"fixture": {**own, **OPEN}}, inputs=[{"id": "the-key", "type": "promptString"}])
    program = """
from servers import fixture
given = fixture.surroundings()["environment"]
print([given.get(name) for name in ("TOKEN", "ASKED", "TWICE", "LITERAL", "OPENAI_API_KEY", "MCP_EXECUTOR_MCP_CONFIG")])
"""
    turn = calls(bash(f"python3 - <<'END'\n{program}\nEND"))
    variables = {"OPENAI_API_KEY": "sk-of-the-agent", "EXEC_MCP_INPUT_THE_KEY": "asked", "TWICE": "${LITERAL}"}
    options = ("--bridge", "--mcp-config", file, "Go.")
    model, done = run(script(turn, says("Done.")), *options, **variables, **private)
    assert done.returncode == 0, done.stderr
    result = json.loads(model.results()[0])
    assert result["stdout"] == "['sk-of-the-agent', 'asked', '${LITERAL}', '$HOME', None, None]\n", result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_secrets_are_in_no_file_that_could_be_left_behind_and_in_no_command_line(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path, private: dict[str, str], number: int
) -> None:
    file = write(tmp_path, {"fixture": {**entry(), **OPEN, "env": {"TOKEN": "${THE_SECRET}"}}})
    turn = calls(bash("mcp call fixture now; sleep 4020", timeout=100))
    model = start_model(script(turn, says("Never.")))
    process = subprocess.Popen(
        [agent_binary(), "--bridge", "--mcp-config", file, "Go."],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(model.url, user, THE_SECRET="value-of-the-secret", **private),
    )
    try:
        wait_until_it_runs("sleep 4020", user)
        (handed,) = (path for path in Path(f"/proc/{process.pid}/fd").iterdir() if is_in_memory(path))
        assert stat.S_IMODE(handed.stat().st_mode) == 0o600
        assert "value-of-the-secret" in handed.read_text()
        assert not any(b"value-of-the-secret" in line for line in command_lines())
        assert list((tmp_path / "runtime").iterdir()) == []
    finally:
        process.send_signal(number)
        process.communicate(timeout=60)
    assert list((tmp_path / "runtime").iterdir()) == []


def is_in_memory(descriptor: Path) -> bool:
    with contextlib.suppress(OSError):  # closed meanwhile
        return "memfd:" in os.readlink(descriptor)
    return False


def command_lines() -> list[bytes]:
    """Those of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes())
    return lines


def test_a_policy_refuses_in_words_that_reach_the_model(run: Run, tmp_path: Path, private: dict[str, str]) -> None:
    file = write(tmp_path, {"fixture": entry()})
    turn = calls(bash("mcp call fixture count"))
    model, done = run(script(turn, says("{{result}}")), "--bridge", "--mcp-config", file, "Go.", **private)
    assert done.returncode == 0, done.stderr
    result = json.loads(model.results()[0])
    assert result["exit_code"] == 4
    assert '"exec-mcp": {"tools": {"allow": ["count"]}}' in result["stderr"]


def test_an_exec_mcp_of_the_files_starts_the_others(
    run: Run, tmp_path: Path, user: str, private: dict[str, str]
) -> None:
    command = environment("", user)["MCP_SERVER_COMMAND"]
    box = {"command": command, "args": ["--user", user]}
    first = write(tmp_path, {"box": box, "fixture": {**entry(), **OPEN}})
    second = write(tmp_path, {"second": {**entry(), **OPEN}}, "second.json")
    files = ("--mcp-config", first, "--mcp-config", second)
    program = bash('python3 -c \'from servers import fixture, second; print(fixture.echo("a") + second.echo("b"))\'')
    options = {**private, "MCP_SERVER_COMMAND": ""}
    model, done = run(script(calls(program), says("{{result}}")), "--bridge", *files, "Go.", **options)
    assert done.returncode == 0, done.stderr
    assert '"stdout":"ab\\n"' in done.stdout
    assert tools_of(model.bodies()[0]) == OWN_TOOLS


def test_a_server_that_does_not_start_is_reported_and_the_others_work(
    run: Run, tmp_path: Path, private: dict[str, str]
) -> None:
    dead = {"command": sys.executable, "args": ["-c", "raise SystemExit('\\x1b[31mno key')"]}
    file = write(tmp_path, {"dead": dead, "fixture": {**entry(), **OPEN}})
    _, done = run(script(calls(ADD), says("{{result}}")), "--bridge", "--mcp-config", file, "Go.", **private)
    assert done.returncode == 0, done.stderr
    assert "'sum': 42" in done.stdout
    assert "warning: The tool server dead" in done.stderr and "no key" in done.stderr
    assert "\x1b" not in done.stderr


NOT_EXEC_MCP = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    result = {"tools": [{"name": "x", "inputSchema": {"type": "object"}}]}
    if message["method"] == "initialize":
        info = {"name": "x", "version": "1"}
        result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    elif message["method"] != "tools/list":
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


def test_a_server_without_a_bridge_is_an_error_that_says_what_to_do(
    run: Run, tmp_path: Path, private: dict[str, str]
) -> None:
    server = tmp_path / "server.py"
    server.write_text(NOT_EXEC_MCP)
    file = write(tmp_path, {"fixture": entry()})
    options = ("--bridge", "--mcp-config", file, "--mcp", f"{sys.executable} {server}", "Go.")
    model, done = run(script(says("Never.")), *options, **private)
    assert done.returncode == 1
    assert "doesn't accept the servers of --mcp-config: it isn't exec-mcp" in done.stderr
    assert not model.requests()
    _, done = run(script(says("Never.")), "--bridge", "Go.", **private)
    assert done.returncode == 2
    assert "--bridge needs servers" in done.stderr


def test_a_service_has_a_bridge_for_each_user(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path, private: dict[str, str]
) -> None:
    journal = tmp_path / "journal"
    file = write(tmp_path, {"fixture": {**entry("--journal", str(journal)), **OPEN}})
    model = start_model([[calls(ADD), says("{{result}}")]] * 2)
    service = Service(model, user, "--bridge", "--mcp-config", file, **private)
    other = f"{user}-b"
    try:
        assert "'sum': 42" in service.ask("Add.")
        assert "'sum': 42" in service.ask("Add.", user=other)
        assert tools_of(model.bodies()[0]) == OWN_TOOLS
        log = service.wait_for_log("Code calls the tools of fixture.", "info: --bridge: ")
        assert re.search(r"info: --bridge: code calls \d+ tools of fixture", log)
        with urllib.request.urlopen(f"{service.url}/health", timeout=30) as answer:
            assert {"name": "fixture", "state": "bridged"} in json.load(answer)["servers"]
        callers = {one["process"] for one in read_journal(journal, "call")}
        assert len(callers) == 2, "a process of the server per user"
    finally:
        service.close()
        engine.remove_everything(other)
    assert list((tmp_path / "runtime").iterdir()) == []


def test_a_conversation_lists_tools_and_servers(start: Start, tmp_path: Path, private: dict[str, str]) -> None:
    file = write(tmp_path, {"fixture": {**entry("--only", "add"), **OPEN}})
    _, terminal = start(None, "--bridge", "--mcp-config", file, columns=200, **private)
    assert any("Code calls the tools of fixture." in row for row in terminal.shown)
    terminal.type("/tools\n")
    shown = terminal.wait_for("In code (--bridge), with their tools: fixture (1)")
    assert "execute_bash" in shown


@pytest.mark.parametrize("options", [(), ("--bridge",)])
def test_what_servers_say_does_not_control_the_terminal(
    run: Run, tmp_path: Path, private: dict[str, str], options: tuple[str, ...]
) -> None:
    hostile = "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202eturned"
    program = f"import sys; print({hostile!r}, file=sys.stderr); sys.exit({hostile!r})"
    tool = f"import sys; print({hostile!r}, file=sys.stderr, flush=True); exec(open(sys.argv[1]).read())"
    server = tmp_path / "server.py"
    server.write_text(NOT_EXEC_MCP.replace('"name": "x", "inputSchema"', f'"name": {hostile!r}, "inputSchema"'))
    servers = {
        "dead": {"command": sys.executable, "args": ["-c", program]},
        "odd": {"command": sys.executable, "args": ["-c", tool, str(server)], "disabledTools": [hostile + "x"]},
    }
    file = write(tmp_path, servers)
    arguments = (*options, "--log-level", "debug", "--mcp-config", file, "Go.")
    _, done = run(script(says("Hello.")), *arguments, **private)
    assert done.returncode == 0, done.stderr
    assert "turned" in done.stderr
    assert {character for character in done.stderr if character != "\n" and not character.isprintable()} == set()
