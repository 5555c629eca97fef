#!/usr/bin/env python3
"""Code in a sandbox answers a question over a Git repository and a shop, by calling the tools of three MCP servers from
PyPI: mcp-server-git, mcp-server-ecommerce and mcp-server-time. The repository and the orders are made up on the spot
(scene.py). Ends with status 0 only if the answer is right.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "demo"))

import scene  # noqa: E402
import screen  # noqa: E402
import tokens  # noqa: E402
from checks import WrongResult, require, timed  # noqa: E402
from client import Client, ClientError  # noqa: E402
from direct import Direct  # noqa: E402

QUESTION = "Refunds went up in September. On which days were those orders placed, and what had we released?"
SCRIPT = HERE / "releases.py"
# Of the machine's own settings only these concern the demo; the rest would make it another sandbox.
KEPT_SETTINGS = {"MCP_EXECUTOR_IMAGE", "MCP_EXECUTOR_ENGINE", "MCP_EXECUTOR_RUNTIME"}

Json = dict[str, Any]


class Demo:
    """The session, step by step. Everything that an agent reads or writes in it goes into `passed`."""

    def __init__(self, binary: Path, servers: Path, directory: Path) -> None:
        self._binary = binary
        self._servers = servers
        self._repository = directory / "shop"
        self._database = directory / "shop.db"
        self._configuration = directory / "servers.json"
        self._state = directory / "state"
        self._client: Client
        self._passed: list[str] = []
        self._definitions: list[str] = []
        self._answer = ""

    def run(self) -> None:
        self._make_scene()
        options = ["--user", "demo-bridge", "--workspace", "ephemeral", "--mcp-config", str(self._configuration)]
        screen.step(2, "Start exec-mcp with three MCP servers", "Real ones, from PyPI.")
        screen.quote(self._configuration.read_text())
        screen.call(f"{os.path.relpath(self._binary)} --mcp-config servers.json")
        with Client([str(self._binary), *options], self._environment()) as self._client:
            self._start()
            self._look_around()
            self._answer_question()
            self._try_to_write()
            status = self._client.close()
            require(status == 0, f"the server ended with status {status}")
        self._compare()
        self._check()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MCP_")}
        kept |= {name: os.environ[name] for name in KEPT_SETTINGS if name in os.environ}
        return {**kept, "XDG_STATE_HOME": str(self._state)}

    def _make_scene(self) -> None:
        screen.step(1, "Set the scene", "A shop: the repository of its web site, and its orders of September, made up.")
        commits = scene.make_repository(self._repository)
        records = scene.shop_records()
        self._fill_shop(records)
        screen.note(f"{commits} commits by {len(scene.AUTHORS)} people in {len({*scene.AUTHORS.values()})} time zones,")
        screen.note(f"{len(records['orders'])} orders, {len(records['refunds'])} of them paid back")
        self._configuration.write_text(json.dumps({"mcpServers": self._entries()}, indent=2) + "\n")

    def _fill_shop(self, records: Json) -> None:
        command = [str(self._servers / "python"), str(HERE / "fill_shop.py"), str(self._database)]
        done = subprocess.run(command, input=json.dumps(records), capture_output=True, text=True)
        require(done.returncode == 0, f"the shop cannot be filled: {done.stderr.strip()[-500:]}")

    def _entries(self) -> Json:
        return {
            "git": {
                "command": str(self._servers / "mcp-server-git"),
                "args": ["--repository", str(self._repository)],
            },
            "ecommerce": {
                "command": str(self._servers / "mcp-server-ecommerce"),
                "env": {"ECOM_DB_PATH": str(self._database)},
            },
            "time": {"command": str(self._servers / "mcp-server-time")},
        }

    def _start(self) -> None:
        answer, seconds = timed(self._client.initialize)
        server = answer["serverInfo"]
        screen.outcome(f"{server['name']} {server['version']}, protocol {answer['protocolVersion']}", seconds)
        tools = self._client.request("tools/list")["tools"]
        self._definitions = [json.dumps(tool) for tool in tools]
        screen.note(f"What a model sees: {', '.join(tool['name'] for tool in tools)}. None of the servers' tools.")

    def _look_around(self) -> None:
        screen.step(3, "Look around", "An agent finds tools as it finds commands: it searches, and reads their help.")
        screen.quote(self._execute("mcp")["stdout"])
        screen.note("That time includes the start of the container and of the servers.")
        screen.quote(self._execute("mcp search refunds of an order | head -n 2")["stdout"])
        self._call("read_docstring", file_path="/mcp/servers/git.py", function_name="git_log")
        prompt = self._client.request("prompts/get", {"name": "agent_system_prompt"})
        self._definitions.append(prompt["messages"][0]["content"]["text"])

    def _answer_question(self) -> None:
        screen.step(4, "Answer a question", f"“{QUESTION}”")
        screen.note("One script joins what the servers know and prints what matters. Some of its lines:")
        source = SCRIPT.read_text()
        shown = ("from servers", "ecommerce.report_run", "together(")
        screen.quote("\n".join(line.strip() for line in source.splitlines() if any(part in line for part in shown)))
        self._call("write_file", file_path=SCRIPT.name, content=source)
        result = self._execute(f"python3 {SCRIPT.name} {self._repository} {scene.ZONE_NAME}")
        self._answer = result["stdout"]
        screen.quote(result["stdout"] + result["stderr"])

    def _try_to_write(self) -> None:
        explanation = "A tool that changes something runs only if the configuration allows it, or a person does."
        screen.step(5, "Try what nobody has allowed", explanation)
        arguments = "--order-id ORD-1 --payment-id PAY-1 --amount 4999 --reason damaged --idempotency-key again"
        result = self._execute(f"mcp call ecommerce refund_create {arguments}", status=4)
        screen.quote("\n".join(textwrap.fill(line, 100) for line in result["stderr"].splitlines()))

    def _compare(self) -> None:
        screen.step(6, "Count what a model reads and writes", "The same script once more, without exec-mcp:")
        with Direct(self._entries(), self._environment()) as direct:
            printed, seconds = timed(direct.run, SCRIPT, str(self._repository), scene.ZONE_NAME)
            screen.outcome(f"the same answer after {len(direct.passed) // 2} calls", seconds)
            require(printed == self._answer, f"it prints something else:\n{printed}")
            count, how = tokens.counter()
            rows = [
                ("definitions of tools, prompt", direct.definitions, self._definitions),
                ("calls and their results", direct.passed, self._passed),
            ]
        sums = [(name, *(sum(map(count, texts)) for texts in both)) for name, *both in rows]
        without, with_exec = (sum(row[place] for row in sums) for place in (1, 2))
        screen.note("")
        screen.note(f"{f'tokens, {how}':44}{'tools called by':>16}{'code that':>16}")
        screen.note(f"{'':44}{'the model':>16}{'calls them':>16}")
        for name, one, other in [*sums, ("together", without, with_exec)]:
            screen.note(f"{name:44}{one:16,}{other:16,}")
        screen.note(f"{f'{1 - with_exec / without:.0%} less':>76}")
        require(with_exec < without / 2, "that saves less than half")

    def _check(self) -> None:
        screen.step(7, "Check the answer")
        records = scene.shop_records()
        start = f"{len(records['orders'])} orders, {len(records['refunds'])} paid back"
        require(self._answer.startswith(start), f"the answer must begin with: {start}")
        for incident in scene.INCIDENTS:
            found = next((part for part in self._answer.split("\n\n") if part.startswith(f"{incident.first} to ")), "")
            reason = f"{self._mischarged(incident, records)} because of {scene.MISCHARGED}"
            for fact in (reason, f"{incident.author}: ", f"({incident.file})"):
                require(fact in found, f"the answer does not say of {incident.first}: {fact}")
            require(found.count("<- the same file") == 1, f"it is {incident.file} alone that was changed again")
            screen.passed(f"{incident.first}: {incident.file} by {incident.author}, as it was made up")
        screen.passed("the pipe is closed, and exec-mcp and its servers exited normally")

    @staticmethod
    def _mischarged(incident: scene.Incident, records: Json) -> int:
        """How many refunds there are for a wrong price in orders of the incident's days."""
        days = {order["order_id"]: scene.day_of(order) for order in records["orders"]}
        wrong = [refund for refund in records["refunds"] if refund["reason"] == scene.MISCHARGED]
        return sum(incident.first <= days[refund["order_id"]] < incident.fixed for refund in wrong)

    def _call(self, name: str, **arguments: Any) -> Json:
        shown = [arguments[key] for key in ("command", "file_path", "function_name") if key in arguments]
        screen.call(" ".join([name, *shown]))
        result, seconds = timed(self._client.call_tool, name, **arguments)
        text = result["content"][0]["text"]
        self._passed += [json.dumps({"name": name, "arguments": arguments}), text]
        is_command = name == "execute_bash"
        screen.outcome(f"exit code {json.loads(text)['exit_code']}" if is_command else text.splitlines()[0], seconds)
        return result

    def _execute(self, command: str, status: int = 0) -> Json:
        """The structured result of a command that must end with this status."""
        result = self._call("execute_bash", command=command, timeout=120)["structuredContent"]
        if result["exit_code"] != status:
            output = (result["stdout"] + result["stderr"]).rstrip()
            raise WrongResult(f"{command}: exit code {result['exit_code']}\n{output}")
        return result


def main() -> int:
    parser = argparse.ArgumentParser(description="Has code in a sandbox call the tools of three MCP servers.")
    parser.add_argument("--binary", type=Path, default=REPOSITORY / ".build" / "release" / "exec-mcp")
    parser.add_argument(
        "--servers", type=Path, default=REPOSITORY / ".venv" / "servers" / "bin", help="where the servers' programs are"
    )
    options = parser.parse_args()
    binary, servers = options.binary.absolute(), options.servers.absolute()
    screen.title("exec-mcp: code that calls the tools of other MCP servers")
    try:
        if not binary.exists():
            raise ClientError(f"there is no server at {binary}\nBuild it: make build")
        if not (servers / "mcp-server-git").exists():
            raise ClientError(f"there are no servers in {servers}\nInstall them: e2e/environment.sh servers")
        if not shutil.which("git"):
            raise ClientError("the program git is missing: install it")
        with tempfile.TemporaryDirectory(prefix="exec-mcp-demo-") as directory:
            Demo(binary, servers, Path(directory)).run()
    except (ClientError, WrongResult, subprocess.CalledProcessError) as error:
        screen.failure(str(error))
        return 1
    except KeyboardInterrupt:
        screen.failure("interrupted")
        return 130
    screen.plain()
    screen.plain("To give your own servers to exec-mcp, in the format that hosts use:")
    screen.plain("exec-mcp bridge import HOST > servers.json        prints the servers of a host's file")
    screen.plain("exec-mcp bridge check --mcp-config servers.json   starts them, and says what their tools need")
    return 0


if __name__ == "__main__":
    sys.exit(main())
