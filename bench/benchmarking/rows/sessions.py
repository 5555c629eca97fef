"""Rows of Python sessions: a line in one that runs already, and the start of one, beside an interpreter of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarking.bench import Bench
from benchmarking.client import Tool
from benchmarking.contenders import exec_mcp
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave
from benchmarking.rows.calls import call, ended_well

PY, PYTHON = "py", "python3"


def sessions(bench: Bench) -> Iterator[Timing]:
    """From JSON-RPC to JSON-RPC, as a model uses them."""
    user = bench.traces.user()
    with exec_mcp.start(user, bench.traces.mark, "--workspace", "ephemeral") as server:
        server.initialize()

        def command(text: str) -> Action:
            return call(server, "execute_bash", check=ended_well, command=text)

        def close() -> None:
            server.call(Tool("execute_bash", {"command": "py -s new --close"}))

        ended_well(command("py -c 'x = 20'").run())
        lines = {PY: command("py -c 'x + 1'"), PYTHON: command("python3 -c 'x = 20; print(x + 1)'")}
        yield Timing("py line", "a line in a session", interleave(lines, bench.effort.pace((30, 15), (6, 3))))
        # Without a warm-up, which would start the session before the clock runs.
        start = replace(command("py -s new -c 1"), after=close, in_a_row=3, warm_up=0)
        starts = {PY: start, PYTHON: command("python3 -c 1")}
        yield Timing("py start", "the start of a session", interleave(starts, bench.effort.pace((20, 10), (4, 3))))
    bench.traces.settle(user)
