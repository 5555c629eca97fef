"""From one user to thirty-two, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator

from support import engine

from benchmarking.bench import Bench
from benchmarking.client import Request, Tool
from benchmarking.contenders import exec_mcp
from benchmarking.growth import probe
from benchmarking.growth.series import Growth, Linear
from benchmarking.memory import Sandbox
from benchmarking.rows.many import all_ended_well

STEPS = (1, 2, 4, 8, 16, 32)
QUICK_STEPS = STEPS[:-1]
# How many calls each user has under way.
OUTSTANDING = 4


def measure(bench: Bench) -> Iterator[Growth]:
    """A server with one user, then two, and so on. Each has a sandbox of its own, which is up."""
    steps = bench.effort.of(STEPS, QUICK_STEPS)
    names = [bench.traces.user() for _ in range(steps[-1])]
    figures, sandboxes = probe.Figures(), []
    with exec_mcp.start(names[0], bench.traces.mark, "--workspace", "ephemeral") as server:
        server.initialize()
        alone = None
        for step in steps:
            users = names[:step]
            for name in names[len(sandboxes) : step]:
                all_ended_well([server.call(Tool("execute_bash", {"command": "true"}, name))])
                sandboxes.append(Sandbox.of(engine.only_container(name)))
            calls: list[Request] = [Tool("execute_bash", {"command": "true"}, name) for name in users] * OUTSTANDING
            total = probe.seconds(lambda calls=calls: server.call_all(calls), all_ended_well, bench.effort.of(15, 5), 2)
            figures.milliseconds("time of all calls", total, Linear())
            figures.milliseconds("time of all, for each call", total / len(calls))
            held = probe.resident(server)
            alone = held if alone is None else alone
            figures.megabytes("memory of exec-mcp", held, Linear())
            more = None if held is None or alone is None or step == 1 else (held - alone) / (step - 1)
            figures.megabytes("memory of exec-mcp, for each further user", more, drawn=False)
            own = [sandbox.own() for sandbox in sandboxes if sandbox]
            used = [sandbox.used() for sandbox in sandboxes if sandbox]
            figures.megabytes("memory of a sandbox, its processes' own", _mean(own), probe.FLAT)
            figures.megabytes("memory of a sandbox, all", _mean(used), probe.FLAT)
            figures.add("threads of exec-mcp", "", probe.threads(server), Linear(), drawn=False)
    bench.traces.settle(*names)
    notes = (
        f"each user has {OUTSTANDING} calls of execute_bash true in progress; a time is from the first request to the "
        "last answer",
    )
    yield Growth("users", "Users at once, each with a sandbox", "users", steps, figures.lines(), notes=notes)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
