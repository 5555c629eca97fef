"""Processes of this machine, found by a mark in their environment, and what they take of it."""

from __future__ import annotations

import os
from pathlib import Path

MARK = "EXEC_MCP_TEST_MARK"


def marked(mark: str) -> list[int]:
    """The processes that carry this value of `MARK` in their environment; one that has ended does not count."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and wanted in Path(entry.path, "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def children(process: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{process}/task").iterdir() for child in _children_of(task)]


def _children_of(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:
        return []


def words(process: int) -> list[str]:
    """The command line of a process; none if it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")[:-1]
    except OSError:
        return []


def resident_bytes(process: int) -> int:
    """The physical memory that a process takes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def open_descriptors(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))
