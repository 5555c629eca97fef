"""The bridge arm: exec-mcp with a file of MCP servers, whose tools scripts in its sandbox call."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

from support import host_processes
from support.stdio_client import server_binary

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Request, Tool, result, text
from benchmarking.tokens.transcript import Transcript, calls, tool_list

Json = dict[str, Any]
# So that only its own words are counted, not those of skills and modules which a machine happens to have.
_PLAIN = ("--skills", "none", "--tools", "none", "--workspace", "ephemeral")


class BridgeArm:
    """A server with a sandbox, and with MCP servers if `entries` names any."""

    def __init__(self, bench: Bench, entries: dict[str, Json]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="exec-mcp-tokens-")
        self.user = bench.traces.user()
        options = list(_PLAIN)
        environment = {
            **os.environ,
            "MCP_EXECUTOR_LOG_LEVEL": "error",
            "XDG_STATE_HOME": self._directory.name,
            host_processes.MARK: bench.traces.mark,
        }
        if entries:
            file = Path(self._directory.name) / "servers.json"
            file.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
            options += ["--mcp-config", str(file)]
            # Has all tools listed and remembered. A prompt waits for that too, but not long enough on a busy machine
            # for twenty servers that start at once.
            processes.capture([server_binary(), "bridge", "check", *options[-2:]], environment)
        self.client = Client([server_binary(), "--user", self.user, *options], environment)
        self.client.initialize()

    @cached_property
    def prompt(self) -> str:
        """The system prompt that exec-mcp makes, with what it says of the bridge."""
        answer = result(self.client.call(Request("prompts/get", {"name": "agent_system_prompt"})))
        return "\n".join(message["content"]["text"] for message in answer["messages"])

    @cached_property
    def tools(self) -> str:
        """Its own tools as a model gets them."""
        return tool_list(result(self.client.call(Request("tools/list", {})))["tools"])

    @property
    def head(self) -> tuple[str, ...]:
        return (self.prompt, self.tools)

    def execute(self, transcript: Transcript, command: str) -> Json:
        """Has a command run, and returns its result. What it writes to standard error ends the measurement."""
        arguments = {"command": command}
        transcript.write(calls([("execute_bash", arguments)]))
        answer = text(self.client.call(Tool("execute_bash", arguments)))
        transcript.read(answer)
        ended = json.loads(answer)
        if ended["exit_code"] != 0 or "truncated" in ended:
            raise Refused(f"a script failed: {answer[-2000:]}")
        return ended

    def python(self, transcript: Transcript, script: str) -> str:
        """Has a Python script run, and returns what it printed."""
        return self.execute(transcript, f"python3 - <<'END'\n{script.strip()}\nEND")["stdout"]

    def look_up(self, transcript: Transcript, tools: list[tuple[str, str]]) -> None:
        """Reads what is said of some tools, each a server and the Python name of a tool: one request, several calls."""
        asked = [
            ("read_docstring", {"file_path": f"/mcp/servers/{server}.py", "function_name": name})
            for server, name in tools
        ]
        if not asked:
            return
        transcript.write(calls(asked))
        for name, arguments in asked:
            transcript.read(text(self.client.call(Tool(name, arguments))))

    def list_tools(self, transcript: Transcript, servers: list[str]) -> None:
        """Prints the signatures of all tools of some servers, with one command."""
        if servers:
            self.execute(transcript, "; ".join(f"mcp list {shlex.quote(server)}" for server in servers))

    def close(self) -> None:
        self.client.close()
        self._directory.cleanup()

    def __enter__(self) -> BridgeArm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
