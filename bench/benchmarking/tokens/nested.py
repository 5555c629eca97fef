"""What a call from code in the sandbox takes, beside the same call by the published client, and where the time goes.

All ways lead to a server whose own time is next to nothing. They take turns in every round.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import fixture_server

from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Request, Tool, result, text
from benchmarking.figures import Spread, flat, median
from benchmarking.rounds import PAUSE, no_garbage_collection
from benchmarking.tokens.bridge import BridgeArm
from benchmarking.tokens.direct import DirectArm
from benchmarking.tokens.servers.program import entry

CALLS, SHELL_CALLS, BATCH = 20, 5, 64
# 104 MB, each result below the limit of 8 MiB.
BLOBS, BLOB = 13, 8_000_000
MANY_TOOLS = 527

PIPE = "the server itself, over a pipe"
DIRECT = "published client"
NESTED = "from a script: servers.fast.echo"
MANY = f"the same with {MANY_TOOLS} further tools installed"
SOCKET = "without the package: a line over the socket"
ANSWERED = "a line that exec-mcp answers itself"
COMMAND = "from bash: mcp call fast echo"
BARE_COMMAND = "bash: python3 -IS -c pass"

DIRECT_MANY, NESTED_MANY = "published client, 8 at once", "from a script, together(at_once=8)"
DIRECT_BLOB, NESTED_BLOB = "published client", "from a script"

_TIMES = """
import json, time
{prepare}
for _ in range(3): {call}
times = []
for _ in range({calls}):
    began = time.perf_counter_ns()
    {call}
    times.append(time.perf_counter_ns() - began)
print(json.dumps(times))
"""
_OPEN = """
import os, socket
connection = socket.socket(socket.AF_UNIX)
connection.connect("\\0" + os.environ["MCP_BRIDGE"][1:])
lines = connection.makefile("rb")
def ask():
    connection.sendall(line)
    return lines.readline()
"""
_CALL_LINE = '{"id": 1, "method": "call", "params": {"server": "fast", "tool": "echo", "arguments": {"text": "x"}}}'
_OWN_LINE = '{"id": 1, "method": "log", "params": {"limit": 1}}'
_TOGETHER = f"""
import time
from servers import fast, together
fast.echo("x")
began = time.perf_counter_ns()
together(fast.echo, [{{"text": "x"}}] * {BATCH}, at_once=8)
print([(time.perf_counter_ns() - began) // {BATCH}])
"""
_BLOBS = f"""
import time
from servers import fast
fast.echo("x")
began = time.perf_counter_ns()
size = sum(len(fast.blob({BLOB})) for _ in range({BLOBS}))
print([time.perf_counter_ns() - began])
assert size == {BLOBS * BLOB}
"""
_COMMANDS = f"""
for ((i = 0; i < {SHELL_CALLS}; i++)); do
    began=${{EPOCHREALTIME/./}}
    %s >/dev/null
    ended=${{EPOCHREALTIME/./}}
    times+="${{times:+,}}$(((ended - began) * 1000))"
done
echo "[$times]"
"""


@dataclass
class Row:
    """Ways that are compared, their times in seconds, by round."""

    title: str
    samples: dict[str, list[list[float]]]
    scale: Callable[[float], float]
    """The figure that is shown for a time."""
    unit: str
    notes: list[str] = field(default_factory=list)

    def spread(self, name: str) -> Spread:
        return Spread.of([self.scale(sample) for sample in flat(self.samples[name])])

    def difference(self, name: str, other: str) -> Spread:
        """How much longer the one took than the other, taken within each round."""
        pairs = zip(self.samples[name], self.samples[other], strict=True)
        return Spread.of([self.scale(median(one)) - self.scale(median(two)) for one, two in pairs])


@dataclass
class Costs:
    rows: list[Row]

    def over_server(self) -> Spread:
        return self.rows[0].difference(NESTED, PIPE)


def measure(bench: Bench) -> Costs:
    fast = entry("fast")
    path = Path(fixture_server.PROGRAM)
    fixture: dict[str, Any] = {"command": sys.executable, "args": [str(path), "--tools", str(MANY_TOOLS)]}
    few, more = {"fast": fast}, {"fast": fast, "fixture": fixture}
    with ExitStack() as stack:
        plain = stack.enter_context(BridgeArm(bench, few))
        many = stack.enter_context(BridgeArm(bench, more))
        for arm in (plain, many):
            text(arm.client.call(Tool("execute_bash", {"command": "true"})))
        direct = stack.enter_context(DirectArm({"fast": fast}))
        pipe = stack.enter_context(Client([fast["command"], *fast["args"]], _environment(fast)))
        pipe.initialize()
        rows = [
            _calls(bench, plain, many, direct, pipe),
            _at_once(bench, plain, direct),
            _transfer(bench, plain, direct),
        ]
    rows.append(_installation(bench, few, more))
    return Costs(rows)


def _calls(bench: Bench, plain: BridgeArm, many: BridgeArm, direct: DirectArm, pipe: Client) -> Row:
    echo = Request("tools/call", {"name": "echo", "arguments": {"text": "x"}})
    script = _TIMES.format(prepare="from servers import fast", call='fast.echo("x")', calls=CALLS)
    sockets = {
        name: _TIMES.format(prepare=f"{_OPEN}\nline = {(line + chr(10)).encode()!r}", call="ask()", calls=CALLS)
        for name, line in ((SOCKET, _CALL_LINE), (ANSWERED, _OWN_LINE))
    }
    ways: dict[str, Callable[[], list[float]]] = {
        PIPE: lambda: _times(lambda: result(pipe.call(echo))),
        DIRECT: lambda: direct.run(_client_times(direct)),
        NESTED: lambda: _printed(plain, script),
        MANY: lambda: _printed(many, script),
        **{name: (lambda text=text: _printed(plain, text)) for name, text in sockets.items()},
        COMMAND: lambda: _printed(plain, _COMMANDS % "mcp call fast echo --text x", shell=True),
        BARE_COMMAND: lambda: _printed(plain, _COMMANDS % "python3 -IS -c pass", shell=True),
    }
    samples = _rounds(ways, bench.effort.of(25, 4))
    return Row("One call after another", samples, lambda seconds: seconds * 1000, "ms a call")


def _at_once(bench: Bench, plain: BridgeArm, direct: DirectArm) -> Row:
    ways = {
        DIRECT_MANY: lambda: direct.run(_client_at_once(direct)),
        NESTED_MANY: lambda: _printed(plain, _TOGETHER),
    }
    return Row(
        f"{BATCH} calls, 8 at once", _rounds(ways, bench.effort.of(15, 3)), lambda seconds: seconds * 1000, "ms a call"
    )


def _transfer(bench: Bench, plain: BridgeArm, direct: DirectArm) -> Row:
    megabytes = BLOBS * BLOB / 1e6
    ways = {
        DIRECT_BLOB: lambda: direct.run(_client_blobs(direct)),
        NESTED_BLOB: lambda: _printed(plain, _BLOBS),
    }
    samples = _rounds(ways, bench.effort.of(5, 1))
    return Row(f"{megabytes:.0f} MB in {BLOBS} results", samples, lambda seconds: megabytes / seconds, "MB/s")


def _installation(bench: Bench, few: dict[str, Any], more: dict[str, Any]) -> Row:
    """The first command of a sandbox, which starts it and installs a module for each server."""
    ways = {
        "no server": lambda: _first(bench, {}),
        "1 server, 2 tools": lambda: _first(bench, few),
        f"2 servers, {MANY_TOOLS} tools and those of the fixture": lambda: _first(bench, more),
    }
    samples = _rounds(ways, bench.effort.of(7, 1))
    return Row("First command, with the start of the sandbox", samples, lambda seconds: seconds * 1000, "ms")


def _rounds(ways: dict[str, Callable[[], list[float]]], rounds: int) -> dict[str, list[list[float]]]:
    """Measures the ways in turn, in an order of its own in every round."""
    samples: dict[str, list[list[float]]] = {name: [] for name in ways}
    with no_garbage_collection():
        for number in range(rounds):
            for name in random.Random(number).sample(list(ways), len(ways)):
                time.sleep(PAUSE)
                samples[name].append(ways[name]())
    return samples


def _times(act: Callable[[], object], calls: int = CALLS) -> list[float]:
    for _ in range(3):
        act()
    times = []
    for _ in range(calls):
        began = time.perf_counter_ns()
        act()
        times.append((time.perf_counter_ns() - began) / 1e9)
    return times


async def _client_times(direct: DirectArm) -> list[float]:
    client = direct.client("fast")
    for _ in range(3):
        await client.call_tool("echo", {"text": "x"})
    times = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        await client.call_tool("echo", {"text": "x"})
        times.append((time.perf_counter_ns() - began) / 1e9)
    return times


async def _client_at_once(direct: DirectArm) -> list[float]:
    import anyio

    client, limit = direct.client("fast"), anyio.CapacityLimiter(8)

    async def call() -> None:
        async with limit:
            await client.call_tool("echo", {"text": "x"})

    began = time.perf_counter_ns()
    async with anyio.create_task_group() as group:
        for _ in range(BATCH):
            group.start_soon(call)
    return [(time.perf_counter_ns() - began) / 1e9 / BATCH]


async def _client_blobs(direct: DirectArm) -> list[float]:
    client = direct.client("fast")
    began = time.perf_counter_ns()
    for _ in range(BLOBS):
        answer = await client.call_tool("blob", {"size": BLOB})
        if len(answer.content[0].text) != BLOB:
            raise Refused("a result of another size")
    return [(time.perf_counter_ns() - began) / 1e9]


def _printed(arm: BridgeArm, script: str, shell: bool = False) -> list[float]:
    """The times that a script in the sandbox took and printed, in nanoseconds; here in seconds."""
    command = script if shell else f"python3 - <<'END'\n{script.strip()}\nEND"
    ended = json.loads(text(arm.client.call(Tool("execute_bash", {"command": command}))))
    if ended["exit_code"] != 0:
        raise Refused(f"a script failed: {ended['stderr'][-2000:]}")
    return [nanoseconds / 1e9 for nanoseconds in json.loads(ended["stdout"])]


def _first(bench: Bench, entries: dict[str, Any]) -> list[float]:
    """The time of the first command, after the prompt was read."""
    with BridgeArm(bench, entries) as arm:
        assert arm.prompt
        began = time.perf_counter_ns()
        text(arm.client.call(Tool("execute_bash", {"command": "true"})))
        return [(time.perf_counter_ns() - began) / 1e9]


def _environment(fast: dict[str, Any]) -> dict[str, str]:
    import os

    return {**os.environ, **fast["env"]}
