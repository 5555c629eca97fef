#!/usr/bin/env python3
"""Prints what a call costs, beside the real alternatives, measured in turn in one run.

    Tests/benchmark.py [ROUNDS]

`execute_bash true` goes through JSON-RPC to the sandbox and back; `docker exec` runs the same command in the same
container; the bare spawn starts bash on this machine. Figures are printed and nothing is judged: machines differ.
"""

from __future__ import annotations

import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import engine
from support.stdio_client import StdioClient

SIDE_BY_SIDE = 50
RESIDENT_KNOWN = Path("/proc/self/status").exists()
IN_A_ROW = 5  # the engine goes on tidying up after an exec: that must not always fall on the same neighbour


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def repeated(action: Callable[[], object]) -> list[float]:
    return [seconds(action) for _ in range(IN_A_ROW)]


def resident(client: StdioClient) -> float:
    """Megabytes of memory that the server holds at this moment; 0 where the system does not say."""
    if not RESIDENT_KNOWN:
        return 0
    status = Path(f"/proc/{client.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000


def spawn(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


def start_to_initialize() -> float:
    started = time.perf_counter()
    with StdioClient() as client:
        client.initialize()
        return time.perf_counter() - started


def first_call(user: str) -> float:
    with StdioClient(["--user", user, "--workspace", "ephemeral"]) as client:
        client.initialize()
        return seconds(lambda: client.bash("true"))


def many_at_once(client: StdioClient) -> None:
    calls = [client.start_tool("execute_bash", command="true") for _ in range(SIDE_BY_SIDE)]
    for call in calls:
        client.result(call)


def print_row(name: str, samples: list[float], reference: float | None = None) -> float:
    median = statistics.median(samples)
    ratio = "" if reference is None else f"{reference / median:10.1f} ×"
    print(f"{name:<44}{median * 1000:>10.2f} ms{ratio}")
    return median


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    user = f"benchmark-{secrets.token_hex(4)}"
    ours: list[float] = []
    through_exec: list[float] = []
    bare: list[float] = []
    with StdioClient(["--user", user, "--workspace", "ephemeral"]) as client:
        client.initialize()
        client.bash("true")
        container = engine.only_container(user)
        for _ in range(rounds // IN_A_ROW):
            ours += repeated(lambda: client.bash("true"))
            through_exec += repeated(lambda: spawn(engine.program(), "exec", container, "bash", "-c", "true"))
            bare += repeated(lambda: spawn("bash", "-c", "true"))
        idle = resident(client)
        client.bash("yes | head -c 2G", timeout=300, wait=400)
        flooded = resident(client)
        together = [seconds(lambda: many_at_once(client)) for _ in range(5)]
    run = ("run", "--rm", "--interactive", "--network", "none", engine.IMAGE, "true")
    cold: list[float] = []
    plain: list[float] = []
    for _ in range(5):
        cold.append(first_call(user))
        plain.append(seconds(lambda: spawn(engine.program(), *run)))
    started = [start_to_initialize() for _ in range(10)]

    print(f"median of {rounds} rounds, in turn{'':>24}{'':>6}faster than docker exec")
    reference = statistics.median(through_exec)
    print_row("execute_bash true, through JSON-RPC", ours, reference)
    print_row("docker exec CONTAINER bash -c true", through_exec, reference)
    print_row("bash -c true, bare spawn", bare, reference)
    print()
    print_row(f"{SIDE_BY_SIDE} calls of execute_bash true at once", together)
    print_row("first call, cold", cold)
    print_row("docker run -i --rm IMAGE true", plain)
    print_row("process start to initialize answered", started)
    if RESIDENT_KNOWN:
        print()
        print(f"{'resident memory of exec-mcp, idle':<44}{idle:>10.1f} MB")
        print(f"{'the same after a flood of 2 GB':<44}{flooded:>10.1f} MB")


if __name__ == "__main__":
    main()
