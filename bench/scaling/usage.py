"""What processes hold and have used, as the kernel counts it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from support import host_processes

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """What a process holds. Memory is in bytes."""

    resident: float
    """With what it shares with others, such as its program."""
    private: float
    """What would be free without it."""
    proportional: float
    """Its private memory, and its part of what it shares: the sum over processes is what they take together."""
    descriptors: float
    threads: float

    @staticmethod
    def of(process: int) -> Usage:
        place = Path(f"/proc/{process}")
        sizes: dict[str, int] = {}
        for line in (place / "smaps_rollup").read_text().splitlines()[1:]:
            name, size, *_ = line.split()
            sizes[name] = 1024 * int(size)
        return Usage(
            resident=sizes["Rss:"],
            private=sizes["Private_Clean:"] + sizes["Private_Dirty:"],
            proportional=sizes["Pss:"],
            descriptors=host_processes.open_descriptors(process),
            threads=len(os.listdir(place / "task")),
        )

    @staticmethod
    def mean(usages: Sequence[Usage]) -> Usage:
        def of(name: str) -> float:
            return sum(getattr(usage, name) for usage in usages) / len(usages)

        return Usage(of("resident"), of("private"), of("proportional"), of("descriptors"), of("threads"))


def processor_seconds(process: int, *, with_children: bool = True) -> float:
    """The processor time that a process has used, and the children that it has waited for."""
    # The name, which may have spaces, is in parentheses.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return TICK * sum(int(field) for field in fields[11 : 15 if with_children else 13])


def tree_seconds(process: int) -> float:
    """The processor time of a process and all of its children, whether they run or it has waited for them."""
    total = processor_seconds(process)
    for child in host_processes.children(process):
        try:
            total += processor_seconds(child)
        except OSError:
            continue
    return total


def machine_seconds() -> float:
    """The time that the processors of this machine were busy, whatever with."""
    user, nice, system, _, _, interrupts, soft_interrupts, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return TICK * (user + nice + system + interrupts + soft_interrupts)


def free_bytes() -> int:
    """How much memory programs may still ask for."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


class Peak:
    """The most that a server and its children have held together while this was open."""

    _PAUSE = 0.25

    def __init__(self, process: int) -> None:
        self._process = process
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.children = 0
        self.memory = 0
        """Memory of their own, without what they share with files such as their programs."""
        self.descriptors = 0
        """Those of the server."""

    def __enter__(self) -> Peak:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(self._PAUSE):
            self._look()

    def _look(self) -> None:
        try:
            children = host_processes.children(self._process)
            self.descriptors = max(self.descriptors, host_processes.open_descriptors(self._process))
        except OSError:
            return
        self.children = max(self.children, len(children))
        self.memory = max(self.memory, sum(_own_bytes([self._process, *children])))


def _own_bytes(processes: Iterable[int]) -> Iterable[int]:
    """A cheaper figure than that of `Usage`, which would hold up what is measured."""
    for process in processes:
        try:
            _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
        except OSError:
            continue
        yield PAGE * (int(resident) - int(shared))
