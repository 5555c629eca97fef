"""What came of a soak."""

from __future__ import annotations

import threading
import time
from collections import Counter


class Ledger:
    def __init__(self, users: list[str]) -> None:
        self._lock = threading.Lock()
        self._kinds: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._hits: dict[str, list[float]] = {user: [] for user in users}
        self._reasons: list[str] = []
        self.excused = 0
        self.leaked_containers = 0
        self.leaked_processes = 0
        self.leaked_descriptors = 0
        self.memory_growth = 0
        self.seconds = 0.0

    @property
    def calls(self) -> int:
        return sum(self._kinds.values())

    @property
    def fault_count(self) -> int:
        return sum(self._faults.values())

    def count(self, kind: str) -> None:
        with self._lock:
            self._kinds[kind] += 1

    def hit(self, kind: str, user: str) -> None:
        """A fault is about to hit a user's sandbox."""
        with self._lock:
            self._faults[kind] += 1
            self._hits[user].append(time.monotonic())

    def hit_again(self, user: str) -> None:
        """The last fault goes on until now."""
        with self._lock:
            self._hits[user].append(time.monotonic())

    def was_hit(self, user: str, since: float) -> bool:
        """Whether a fault hit the user's sandbox since then, or so shortly before that it may have been under way."""
        with self._lock:
            return any(moment >= since - 3 for moment in self._hits[user][-20:])

    def excuse(self) -> None:
        """A call failed, for which a fault is the reason."""
        with self._lock:
            self.excused += 1

    def lose(self, reason: str) -> None:
        with self._lock:
            self._reasons.append(reason)

    def is_clean(self, flat: int) -> bool:
        """Whether nothing was lost or left behind, and the server's memory has grown by no more than `flat` bytes."""
        leaks = self.leaked_containers + self.leaked_processes + self.leaked_descriptors
        return not self._reasons and leaks == 0 and self.memory_growth <= flat

    def table(self) -> str:
        rows = [
            ("calls", f"{self.calls} in {self.seconds:.0f} s: {_listed(self._kinds)}"),
            ("faults", f"{self.fault_count}{': ' if self._faults else ''}{_listed(self._faults)}"),
            ("calls that failed by a fault", str(self.excused)),
            ("lost or wrong results", str(len(self._reasons))),
            ("leaked containers", str(self.leaked_containers)),
            ("leaked processes", str(self.leaked_processes)),
            ("leaked descriptors", str(self.leaked_descriptors)),
            ("memory growth", f"{self.memory_growth / 1e6:.1f} MB"),
        ]
        lines = [f"{name:<30}{value}" for name, value in rows]
        return "\n".join(lines + [f"  lost: {reason}" for reason in self._reasons[:20]])


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))
