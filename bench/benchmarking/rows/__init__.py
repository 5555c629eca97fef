"""The rows of the table, by the names that `--only` takes. Each function measures, and yields what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarking.bench import Bench
from benchmarking.results import Facts, Timing
from benchmarking.rows import calls, counting, files, layers, many, python, sessions, sizes, starts, wire

ROWS: dict[str, Callable[[Bench], Iterable[Timing | Facts]]] = {
    "true": calls.execute_true,
    "layers": layers.layers,
    "counting": counting.counting,
    "write": files.write,
    "read": files.read,
    "last-page": files.last_page,
    "docstring": files.docstring,
    "at-once": many.at_once,
    "users": many.users,
    "cold": starts.cold,
    "python": python.programs,
    "py": sessions.sessions,
    "prewarmed": starts.prewarmed,
    "start": starts.start,
    "pings": wire.pings,
    "stdout": wire.stdout,
    "memory": sizes.memory,
    "words": sizes.words,
}

# What explains a figure and is none that is promised: left out of a quick run.
EXPLANATIONS = {"layers", "counting"}
