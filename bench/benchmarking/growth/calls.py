"""From one call to ten thousand, one after another."""

from __future__ import annotations

import time
from collections.abc import Iterator

from support import engine

from benchmarking.bench import Bench
from benchmarking.client import Tool
from benchmarking.contenders import exec_mcp
from benchmarking.figures import median
from benchmarking.growth import probe
from benchmarking.growth.series import Growth, Linear
from benchmarking.memory import Sandbox
from benchmarking.rounds import no_garbage_collection
from benchmarking.rows.calls import ended_well

STEPS = (1, 10, 100, 1_000, 10_000)
QUICK_STEPS = STEPS[:-1]
# Few calls are made several times over: one alone says little.
REPEATS = 20


def measure(bench: Bench) -> Iterator[Growth]:
    """`execute_bash true`, so many times, in one sandbox that is up."""
    steps = bench.effort.of(STEPS, QUICK_STEPS)
    user, figures = bench.traces.user(), probe.Figures()
    call = Tool("execute_bash", {"command": "true"})
    with exec_mcp.start(user, bench.traces.mark, "--workspace", "ephemeral") as server:
        server.initialize()
        for _ in range(REPEATS):
            ended_well(server.call(call))
        sandbox = Sandbox.of(engine.only_container(user))
        for step in steps:
            totals, singles = [], []
            with no_garbage_collection():
                for _ in range(max(1, min(REPEATS, STEPS[2] // step))):
                    began = time.perf_counter()
                    for _ in range(step):
                        started = time.perf_counter()
                        answer = server.call(call)
                        singles.append(time.perf_counter() - started)
                        ended_well(answer)
                    totals.append(time.perf_counter() - began)
            figures.milliseconds("time of all calls", median(totals), Linear())
            figures.milliseconds("time of a call, p50", median(singles))
            figures.megabytes("memory of exec-mcp", probe.resident(server), probe.FLAT)
            figures.megabytes("memory of the sandbox, its processes' own", sandbox and sandbox.own(), probe.FLAT)
            figures.megabytes("memory of the sandbox, all", sandbox and sandbox.used(), probe.FLAT)
            figures.add("open descriptors of exec-mcp", "", probe.descriptors(server), probe.FEW, drawn=False)
            figures.add("threads of exec-mcp", "", probe.threads(server), probe.FEW, drawn=False)
    bench.traces.settle(user)
    notes = ("runs of up to 100 calls are repeated, and the median is taken",)
    yield Growth("calls", "Calls, one after another", "calls", steps, figures.lines(), notes=notes)
