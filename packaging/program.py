"""What a built exec-mcp says of itself: the one source of what bundle and registry say of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

REVISION = "2025-11-25"
PATIENCE = 60


@dataclass(frozen=True)
class Option:
    """An option of the server as its help has it."""

    flag: str
    variable: str
    placeholder: str  # empty for one that takes no value; its variable takes yes or no
    help: str
    default: str | None  # None where the help describes it in words


class Program:
    """Asks the program. No container is started by that."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.version = self._run("--version").split()[-1]
        self.options = self._options()
        answers = self._converse("tools/list", "prompts/list")
        self.tools: list[dict] = answers["tools/list"]["tools"]
        self.prompts: list[dict] = answers["prompts/list"]["prompts"]

    def _run(self, *arguments: str) -> str:
        command = [str(self.path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout

    def _options(self) -> dict[str, Option]:
        row = r"^  (--[a-z-]+)(?: (\S+))?\n +(.*)\n +\((\w+); default: (.*)\)$"
        found = re.findall(row, self._run("--help"), re.MULTILINE)
        return {
            variable: Option(flag, variable, placeholder, text, default if " " not in default else None)
            for flag, placeholder, text, variable, default in found
        }

    def _converse(self, *methods: str) -> dict[str, dict]:
        """The results of requests without parameters, by method."""
        hello = {
            "protocolVersion": REVISION,
            "capabilities": {},
            "clientInfo": {"name": "exec-mcp-packaging", "version": "1"},
        }
        requests = [("initialize", hello), *((method, {}) for method in methods)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MCP_")}
        process = subprocess.Popen(
            [str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        results = {}
        with process:
            assert process.stdin and process.stdout
            for number, (method, params) in enumerate(requests):
                message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                process.stdin.write(json.dumps(message) + "\n")
                process.stdin.flush()
                results[method] = self._result(process.stdout, number)
            process.stdin.close()
        return results

    @staticmethod
    def _result(lines: object, number: int) -> dict:
        for line in lines:  # type: ignore[attr-defined]
            message = json.loads(line)
            if message.get("id") == number:
                return message["result"]
        raise SystemExit("error: the program ended before it answered")
