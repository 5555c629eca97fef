"""The subjects, by the names that `--only` takes. Each function measures, and yields what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarking.bench import Bench
from benchmarking.growth import calls, files, skills, users
from benchmarking.growth.series import Growth

SUBJECTS: dict[str, Callable[[Bench], Iterable[Growth]]] = {
    "calls": calls.measure,
    "users": users.measure,
    "files": files.measure,
    "skills": skills.measure,
}
