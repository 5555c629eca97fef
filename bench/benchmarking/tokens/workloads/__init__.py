"""The workloads, by the names that `--only` takes. Each runs both arms and checks that they come to the same."""

from __future__ import annotations

from collections.abc import Callable

from benchmarking.bench import Bench
from benchmarking.tokens.outcome import Outcome
from benchmarking.tokens.vocabulary import Ruler
from benchmarking.tokens.workloads import expenses, functions, meeting

WORKLOADS: dict[str, Callable[[Bench, Ruler], Outcome]] = {
    "meeting": meeting.run,
    "expenses": expenses.run,
    "functions": functions.run,
}
