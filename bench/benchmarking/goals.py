"""What is promised, and whether a run kept it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarking.contenders import commands, exec_mcp
from benchmarking.results import Results
from benchmarking.rows.many import AT_ONCE, ONE_BY_ONE
from benchmarking.rows.python import INSTANT, PLAIN

# Measured, and what its spread is where there is one.
Measured = tuple[float, str]


@dataclass(frozen=True)
class Goal:
    """A figure with a limit."""

    text: str
    limit: float
    at_least: bool
    """Whether more is better; otherwise the figure must not be above the limit."""
    unit: str
    measured: Callable[[Results], Measured | None]
    """The figure of a run; None if the run left it out."""


@dataclass(frozen=True)
class Verdict:
    """A goal beside what was measured."""

    goal: Goal
    value: float | None
    spread: str = ""

    @property
    def word(self) -> str:
        if self.value is None:
            return "not measured"
        return "met" if self.is_met else "missed"

    @property
    def is_met(self) -> bool:
        """A goal that was not measured was not missed either, but it was not met."""
        if self.value is None:
            return False
        return self.value >= self.goal.limit if self.goal.at_least else self.value <= self.goal.limit

    @property
    def is_missed(self) -> bool:
        return self.value is not None and not self.is_met

    def as_json(self) -> dict[str, Any]:
        return {
            "goal": self.goal.text,
            "limit": self.goal.limit,
            "at_least": self.goal.at_least,
            "unit": self.goal.unit,
            "measured": None if self.value is None else round(self.value, 4),
            "verdict": self.word,
        }


def judge(results: Results, goals: Sequence[Goal] | None = None) -> list[Verdict]:
    """Holds a run against the goals."""
    verdicts = []
    for goal in GOALS if goals is None else goals:
        value, spread = goal.measured(results) or (None, "")
        verdicts.append(Verdict(goal, value, spread))
    return verdicts


def _ratio(key: str, above: str, below: str) -> Callable[[Results], Measured | None]:
    """How many times as long the one took as the other, round by round."""

    def measured(results: Results) -> Measured | None:
        row = results.timing(key)
        if row is None or above not in row.samples or below not in row.samples:
            return None
        spread = row.ratio(above, below)
        return spread.median, f"{spread.low:.2f} to {spread.high:.2f}"

    return measured


def _median(key: str) -> Callable[[Results], Measured | None]:
    """The median of exec-mcp's figure in a row."""

    def measured(results: Results) -> Measured | None:
        row = results.timing(key)
        return None if row is None else (row.figure(exec_mcp.NAME, 50), "")

    return measured


def _first(key: str) -> Callable[[Results], Measured | None]:
    """The median of a row's first contender."""

    def measured(results: Results) -> Measured | None:
        row = results.timing(key)
        return None if row is None else (row.figure(row.first, 50), "")

    return measured


def _fact(key: str, name: str) -> Callable[[Results], Measured | None]:
    def measured(results: Results) -> Measured | None:
        value = results.fact(key, name)
        return None if value is None else (value, "")

    return measured


def _at_once(results: Results) -> Measured | None:
    """Fifty at once, in calls of which each is made alone."""
    found = _ratio("at once", exec_mcp.NAME, ONE_BY_ONE)(results)
    if found is None:
        return None
    return found[0] * AT_ONCE, ""


GOALS = [
    Goal(
        "docker exec takes at least 40 × as long as execute_bash true",
        40, True, "×", _ratio("true", commands.DOCKER_EXEC, exec_mcp.NAME),
    ),
    Goal(
        "execute_bash true takes at most 1.25 × as long as bash -c true (subprocess.run)",
        1.25, False, "×", _ratio("true", exec_mcp.NAME, commands.SUBPROCESS),
    ),
    Goal(
        "execute_bash true takes at most 1.25 × as long as bash -c true (posix_spawn)",
        1.25, False, "×", _ratio("true", exec_mcp.NAME, commands.SPAWN),
    ),
    Goal("50 at once take less than 50 calls, none fails", AT_ONCE, False, "calls", _at_once),
    Goal("start to initialize under 15 ms", 15, False, "ms", _median("start")),
    Goal("20,000 pings a second", 20_000, True, "/s", _median("pings pipelined")),
    Goal("200 MB/s of stdout, zero bytes", 200, True, "MB/s", _median("stdout zeros")),
    Goal("200 MB/s of stdout, lines of text", 200, True, "MB/s", _median("stdout lines")),
    Goal("memory grows by less than 20 MB in a flood", 20, False, "MB", _fact("memory", "growth at its highest")),
    Goal(
        "a cold first call takes at most 1.15 × as long as docker run -i --rm IMAGE true",
        1.15, False, "×", _ratio("cold", exec_mcp.NAME, commands.DOCKER_RUN),
    ),
    Goal("four libraries imported at least 25 × as fast", 25, True, "×", _ratio("python imports", PLAIN, INSTANT)),
    Goal("four libraries imported in at most 50 ms", 50, False, "ms", _first("python imports")),
    Goal("a pandas script at least 8 × as fast", 8, True, "×", _ratio("python script", PLAIN, INSTANT)),
    Goal("python3 -c pass at most 1.5 × as long", 1.5, False, "×", _ratio("python pass", INSTANT, PLAIN)),
    Goal("a line in a Python session in at most 15 ms", 15, False, "ms", _first("py line")),
    Goal("memory under 20 MB, idle", 20, False, "MB", _fact("memory", "exec-mcp, idle with one sandbox")),
    Goal("tools/list under 800 tokens", 800, False, "tokens", _fact("listing", "tokens")),
]  # fmt: skip
