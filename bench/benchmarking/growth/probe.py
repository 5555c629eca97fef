"""What is read off a server while it grows, and repeated calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Union

from support import host_processes

from benchmarking import processes
from benchmarking.client import Client
from benchmarking.figures import median
from benchmarking.growth.series import Flat, Line, Linear
from benchmarking.memory import MB, status
from benchmarking.rounds import Action, measure, no_garbage_collection

# What memory may grow by and still be called flat, in megabytes: what an allocator keeps of what calls have needed.
FLAT = Flat(10)
# The same for descriptors and threads: those that come with the first calls, not with each.
FEW = Flat(8)

Rule = Union[Linear, Flat]


class Figures:
    """Collects figures size by size. What this system does not show stays empty, and is left out at the end."""

    def __init__(self) -> None:
        self._values: dict[str, list[float | None]] = {}
        self._about: dict[str, tuple[str, Rule | None, bool]] = {}

    def add(self, name: str, unit: str, value: float | None, rule: Rule | None = None, drawn: bool = True) -> None:
        self._about[name] = (unit, rule, drawn)
        self._values.setdefault(name, []).append(value)

    def milliseconds(self, name: str, seconds: float, rule: Rule | None = None) -> None:
        self.add(name, "ms", seconds * 1000, rule)

    def megabytes(self, name: str, size: float | None, rule: Rule | None = None, drawn: bool = True) -> None:
        self.add(name, "MB", None if size is None else size / MB, rule, drawn)

    def lines(self) -> tuple[Line, ...]:
        return tuple(
            Line(name, unit, tuple(self._values[name]), rule, drawn)
            for name, (unit, rule, drawn) in self._about.items()
            if any(value is not None for value in self._values[name])
        )


def seconds(action: Callable[[], object], check: Callable[[object], object], times: int, warm_up: int = 1) -> float:
    """The median of the seconds that it takes."""
    step = Action(action, check)
    with no_garbage_collection():
        return median([measure(step) for _ in range(warm_up + times)][warm_up:])


def resident(server: Client) -> float | None:
    """What the server holds at rest: the least of some readings, for what a call has left is gone soon after it."""
    if not processes.VISIBLE:
        return None
    readings = []
    for _ in range(5):
        readings.append(float(host_processes.resident_bytes(server.pid)))
        time.sleep(0.05)
    return min(readings)


def highest(server: Client) -> float | None:
    """The most that the server has held so far."""
    return float(status(server.pid, "VmHWM")) if processes.VISIBLE else None


def descriptors(server: Client) -> float | None:
    return float(host_processes.open_descriptors(server.pid)) if processes.VISIBLE else None


def threads(server: Client) -> float | None:
    return float(status(server.pid, "Threads", 1)) if processes.VISIBLE else None
