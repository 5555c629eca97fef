"""Memory as the system counts it: of a process, and of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support import engine

MB = 1e6


def status(process: int, name: str, unit: int = 1024) -> int:
    """A figure that the kernel keeps of a process: memory in bytes, or with the unit 1 what it is."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return unit * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@dataclass(frozen=True)
class Sandbox:
    """A container on this machine: its first process, and its memory cgroup of either version, where that shows."""

    process: int
    cgroup: Path | None

    @staticmethod
    def of(container: str) -> Sandbox | None:
        """None if the engine is on another machine, or in a virtual one."""
        process = engine.inspect(container)["State"]["Pid"]
        try:
            if container not in Path(f"/proc/{process}/cgroup").read_text():
                return None
        except OSError:
            return None
        return Sandbox(process, _cgroup(process))

    def used(self) -> float | None:
        """What is charged to the container, files in memory and pages of files that can be dropped included."""
        if self.cgroup is None:
            return None
        names = ("memory.current", "memory.usage_in_bytes")
        return float(next(self.cgroup / name for name in names if (self.cgroup / name).exists()).read_text())

    def own(self) -> float | None:
        """What the processes in it hold of their own."""
        if self.cgroup is None:
            return None
        counts = dict(line.split()[:2] for line in (self.cgroup / "memory.stat").read_text().splitlines())
        return float(counts.get("anon") or counts["total_rss"])

    def highest(self) -> float | None:
        """The most that any one process in it has held so far."""
        if self.cgroup is None:
            return None
        processes = (self.cgroup / "cgroup.procs").read_text().split()
        return float(max(status(int(process), "VmHWM") for process in processes))

    def shim(self) -> float:
        """What the engine's shim holds, the parent of the first process."""
        return float(status(status(self.process, "PPid", 1), "VmRSS"))


def _cgroup(process: int) -> Path | None:
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for root, wanted in (("/sys/fs/cgroup/memory", "memory"), ("/sys/fs/cgroup", "")):
            directory = Path(root + path)
            if wanted in controllers.split(",") and (directory / "memory.stat").exists():
                return directory
    return None
