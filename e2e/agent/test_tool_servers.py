"""exec-agent with tool servers of other people, and with files as their hosts have them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support.agent import agent_binary, environment
from support.scripted import ScriptedModel, bash, calls, says, script

Run = Callable[..., tuple[ScriptedModel, subprocess.CompletedProcess[str]]]

# Shakes hands, and then writes without end what nobody asked for: it neither lists its tools nor reads.
FLOOD = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        break
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}}), flush=True)
print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {
    "protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "f", "version": "1"}}}))
flood = json.dumps({"jsonrpc": "2.0", "id": "x" * 200, "method": "ping"}) + "\\n"
while True:
    sys.stdout.write(flood * 100)
"""


def test_a_flood_of_a_tool_server_costs_neither_more_time_nor_memory(
    start_model: Callable[..., ScriptedModel], user: str, tmp_path: Path
) -> None:
    server = tmp_path / "flood.py"
    server.write_text(FLOOD)
    model = start_model(script(says("Never.")))
    process = subprocess.Popen(
        [agent_binary(), "--max-seconds", "3", "--mcp", f"{sys.executable} {server}", "Go."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(model.url, user),
    )
    peak = 0
    with process:
        while process.poll() is None:
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))])
            time.sleep(0.1)
        out = process.stdout.read()
    assert process.returncode == 3
    assert "the limit of 3 seconds was reached" in out
    assert not model.requests()
    assert 0 < peak < 200_000, f"{peak} kB"


def test_a_file_of_a_host_with_servers_of_every_kind(run: Run, tmp_path: Path, user: str) -> None:
    command = environment("", user)["MCP_SERVER_COMMAND"]
    file = tmp_path / "servers.json"
    file.write_text(
        "\ufeff// of an editor\n{"
        '"mcpServers": {"far": {"url": "http://127.0.0.1:9/mcp", "type": "sse"},'
        '"switched": {"command": "/nowhere", "enabled": false},'
        f'"sandbox": {{"command": {json.dumps(command)}, "env": {{"N": 1, "M": null}}, /* none */ "args": [],}},'
        "}}\n"
    )
    model, done = run(script(says("Hello.")), "--mcp-config", str(file), "Go.")
    assert done.returncode == 0 and done.stdout == "Hello.\n", done.stderr
    assert done.stderr.count("is left out") == 1 and "mcpServers.far: " in done.stderr and "switched" not in done.stderr
    assert len(model.requests()) == 1


def test_a_run_begins_without_servers_that_are_silent_or_die(run: Run, tmp_path: Path, user: str) -> None:
    command = environment("", user)["MCP_SERVER_COMMAND"]
    silent = "import sys, time; print('downloading', file=sys.stderr, flush=True); time.sleep(1000)"
    file = tmp_path / "config.toml"
    file.write_text(f"""
[mcp_servers.silent] # as Codex has it
command = {json.dumps(sys.executable)}
args = ["-c", {json.dumps(silent)}]
startup_timeout_sec = 8

[mcp_servers.dead]
command = {json.dumps(sys.executable)}
args = ["-c", "raise SystemExit('no key in the environment')"]

[mcp_servers.absent]
command = "no-such-program"

[mcp_servers.sandbox]
command = {json.dumps(command)}
""")
    model, done = run(script(calls(bash("echo ran")), says("{{result}}")), "--mcp-config", str(file), "Go.")
    assert done.returncode == 0 and '"stdout":"ran\\n"' in done.stdout, done.stderr
    for line in (
        "The tool server silent has not answered in 8 seconds; it last said: downloading",
        "it last said: no key in the environment",
        "The tool server absent cannot be started: there is no program no-such-program on PATH",
    ):
        assert done.stderr.count(line) == 1, done.stderr
    assert len(model.requests()) == 2


def test_a_task_from_a_pipe_that_does_not_wait(start_model: Callable[..., ScriptedModel], user: str) -> None:
    model = start_model(script(says("You said: {{user}}")))
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with subprocess.Popen(
        [agent_binary()], stdin=read_end, stdout=subprocess.PIPE, text=True, env=environment(model.url, user)
    ) as process:
        os.close(read_end)
        while "poll" not in Path(f"/proc/{process.pid}/wchan").read_text() and process.poll() is None:
            time.sleep(0.01)
        os.write(write_end, b"Read this.")
        os.close(write_end)
        assert process.stdout.read() == "You said: Read this.\n"
    assert process.returncode == 0


# Lists a tool whose schema is nested too deeply beside a good one, which fails with its keys in several encodings.
ODD = """
import base64, json, os, sys, urllib.parse
def answer(message, result):
    line = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
    print(line.replace('"DEEP"', '{"a":' * 300 + "1" + "}" * 300), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        answer(message, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                         "serverInfo": {"name": "odd", "version": "1"}})
    elif message.get("method") == "tools/list":
        schema = {"type": "object", "properties": {"x": "DEEP"}}
        answer(message, {"tools": [{"name": "deep", "inputSchema": schema},
                                   {"name": "keys", "inputSchema": {"type": "object"}}]})
    elif message.get("method") == "tools/call":
        keys = [os.environ["API_KEY"], os.environ["DB_PASSWORD"]]
        texts = [text for key in keys for text in (
            key, json.dumps({"k": key}), urllib.parse.quote(key, safe=""),
            base64.b64encode(f"user:{key}".encode()).decode(),
            base64.urlsafe_b64encode(f"u:{key}@h".encode()).decode())]
        answer(message, {"content": [{"type": "text", "text": " | ".join(texts)}], "isError": True})
    elif "id" in message:
        error = {"code": -32601, "message": "no"}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}), flush=True)
"""


def test_a_tool_that_is_nested_too_deeply_costs_itself_and_keys_stay_with_their_server(
    run: Run, tmp_path: Path, user: str
) -> None:
    server = tmp_path / "odd.py"
    server.write_text(ODD)
    keys = {"API_KEY": 'sk/"+ZÄ1?9', "DB_PASSWORD": "h&n7"}
    entry = {"command": sys.executable, "args": [str(server)], "env": keys}
    file = tmp_path / "servers.json"
    # As editors on Windows save it.
    file.write_bytes(json.dumps({"mcpServers": {"odd": entry}}, ensure_ascii=False).encode("utf-16"))
    turns = script(calls({"name": "keys", "arguments": {}}), says("Done."))
    model, done = run(turns, "--mcp-config", str(file), "Go.")
    assert done.returncode == 0 and done.stdout == "Done.\n", done.stderr
    assert "deep is nested deeper than 128 levels" in done.stderr
    names = [tool["function"]["name"] for tool in model.bodies()[0]["tools"]]
    assert "keys" in names and "deep" not in names
    told = model.results()[0]
    assert told.count("[env API_KEY]") == told.count("[env DB_PASSWORD]") == 5, told
    assert "h&n7" not in told and "h%26n7" not in told and "Z" not in told.replace("API_KEY", ""), told
