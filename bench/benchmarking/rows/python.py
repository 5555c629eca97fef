"""Rows of Python programs with `--python instant`, beside the plain interpreter in the same sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator

from support import engine
from support.stdio_client import REPOSITORY

from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Tool, text
from benchmarking.contenders import exec_mcp
from benchmarking.memory import MB, Sandbox
from benchmarking.results import Facts, Timing
from benchmarking.rounds import Action, interleave
from benchmarking.rows.calls import call, ended_well

INSTANT, PLAIN = "--python instant", "plain python3"
FOUR = "import pandas, matplotlib.pyplot, sklearn.linear_model, seaborn"
# Title, and the arguments of python3.
PROGRAMS = {
    "python pass": ("python3 -c pass", "-c pass"),
    "python imports": ("four libraries imported", f'-c "{FOUR}"'),
    "python script": (
        "a pandas script",
        "-c \"import pandas as pd; d = pd.DataFrame({'k': list('abcd') * 250, 'v': range(1000)});"
        " print(d.groupby('k')['v'].agg(['sum', 'mean']))\"",
    ),
    "python plot": (
        "a plot",
        "-c \"import matplotlib.pyplot as plt; plt.plot([x * x for x in range(10)]); plt.savefig('/tmp/plot.png')\"",
    ),
}
DEMO_PROGRAMS = {
    "python analysis": ("the demo's analysis", "analyse.py"),
    "python picture": ("the demo's picture", "plot.py"),
}
DEMO = REPOSITORY / "examples/demo"
# What a program that imports numpy alone has mapped of the others, it has from the snapshot.
IN_USE = "import numpy; print('/sklearn/' in open('/proc/self/maps').read())"
READY_SECONDS = 120
CONCURRENT = (1, 10, 50, 100, 200)


def programs(bench: Bench) -> Iterator[Timing | Facts]:
    """Programs, many at once, what the snapshot takes; then the demo's programs, which import more."""
    user = bench.traces.user()
    options = ("--python", "instant", "--workspace", "ephemeral", "--memory", "4g", "--pids", "1024")
    with exec_mcp.start(user, bench.traces.mark, *options) as server:
        server.initialize()
        _load(server)
        yield from _beside_plain(bench, server, PROGRAMS)
        yield from _many(bench, server)
        yield from _size(engine.only_container(user))
        for name in ("planets.csv", *(file for _, file in DEMO_PROGRAMS.values())):
            server.call(Tool("write_file", {"file_path": name, "content": (DEMO / name).read_text()}))
        yield from _beside_plain(bench, server, DEMO_PROGRAMS)
    bench.traces.settle(user)


def _beside_plain(bench: Bench, server: Client, programs: dict[str, tuple[str, str]]) -> Iterator[Timing]:
    for key, (title, arguments) in programs.items():
        actions = {
            INSTANT: call(server, "execute_bash", check=ended_well, command=f"python3 {arguments}"),
            PLAIN: call(server, "execute_bash", check=ended_well, slow=True, command=f"/usr/bin/python3 {arguments}"),
        }
        yield Timing(key, title, interleave(actions, bench.effort.pace((12, 6), (4, 3))))


def _bash(server: Client, command: str) -> str:
    return text(server.call(Tool("execute_bash", {"command": command, "timeout": 300})))


def _load(server: Client) -> None:
    """Has the sandbox learn what the programs import, and waits for the snapshot."""
    _bash(server, f'python3 -c "{FOUR}"')
    deadline = time.monotonic() + READY_SECONDS
    while "True" not in _bash(server, f'python3 -c "{IN_USE}"'):
        if time.monotonic() > deadline:
            raise Refused(f"there is no snapshot after {READY_SECONDS} s; with --log-level debug, the server says why")
        time.sleep(0.2)


def _many(bench: Bench, server: Client) -> Iterator[Timing]:
    """The same import in many processes that are alive at once: the time of one."""
    code = "import pandas"
    actions = {}
    for count in CONCURRENT[: bench.effort.of(5, 2)]:
        command = f"for i in $(seq {count}); do python3 -c '{code}' & done; wait"
        actions[f"{count} at once"] = Action(
            lambda command=command: _bash(server, command), in_a_row=1, warm_up=0, times=count
        )
    samples = interleave(actions, bench.effort.pace((5, 5), (3, 3)))
    yield Timing("python many", "import pandas, of many at once, each", samples)


def _size(container: str) -> Iterator[Facts]:
    sandbox = Sandbox.of(container)
    used = sandbox.used() if sandbox else None
    if used is not None:
        yield Facts("python memory", "memory with a snapshot", {"the container's cgroup": (used / MB, "MB")})
