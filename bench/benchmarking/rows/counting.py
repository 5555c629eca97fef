"""Rows of what is counted: the same calls on a server that writes its numbers to a file, and on one that doesn't."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarking.bench import Bench
from benchmarking.client import Client, Request, Tool
from benchmarking.contenders import exec_mcp
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave
from benchmarking.rows.calls import call, ended_well

FILE = "exec-mcp --metrics-file"
PINGS = 500


def counting(bench: Bench) -> Iterator[Timing]:
    """Two servers of two users, alike but for the file."""
    users = {exec_mcp.NAME: bench.traces.user(), FILE: bench.traces.user()}
    with tempfile.TemporaryDirectory() as directory, ExitStack() as opened:
        servers: dict[str, Client] = {}
        for name, user in users.items():
            options = ["--workspace", "ephemeral"]
            if name == FILE:
                options += ["--metrics-file", f"{directory}/exec-mcp.prom"]
            servers[name] = opened.enter_context(exec_mcp.start(user, bench.traces.mark, *options))
            servers[name].initialize()
            servers[name].call(Tool("execute_bash", {"command": "true"}))
        calls = {
            name: call(server, "execute_bash", check=ended_well, command="true") for name, server in servers.items()
        }
        samples = interleave(calls, bench.effort.pace((120, 120), (20, 20)))
        yield Timing("counting", "execute_bash true, with and without a metrics file", samples)
        pings = {name: _pings(server) for name, server in servers.items()}
        samples = interleave(pings, bench.effort.pace((40, 40), (10, 10)))
        title = "pings, one by one, with and without a metrics file"
        yield Timing("counting pings", title, samples, amount=1, unit="/s")
    bench.traces.settle(*users.values())


def _pings(server: Client) -> Action:
    request = Request("ping")
    return Action(lambda: [server.call(request) for _ in range(PINGS)], times=PINGS)
