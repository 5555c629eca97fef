"""The rows of the table, by the names that `--only` takes. Each function measures, and yields what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarking.bench import Bench
from benchmarking.results import Facts, Timing
from benchmarking.rows import calls, many, sizes, starts, wire

ROWS: dict[str, Callable[[Bench], Iterable[Timing | Facts]]] = {
    "true": calls.execute_true,
    "write": calls.write,
    "read": calls.read,
    "last-page": calls.last_page,
    "docstring": calls.docstring,
    "at-once": many.at_once,
    "users": many.users,
    "cold": starts.cold,
    "start": starts.start,
    "pings": wire.pings,
    "stdout": wire.stdout,
    "memory": sizes.memory,
    "words": sizes.words,
}
