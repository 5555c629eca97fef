"""What is measured at sizes that grow, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarking.growth import fit


@dataclass(frozen=True)
class Linear:
    """The figure may grow as its cause does, and no faster."""


@dataclass(frozen=True)
class Flat:
    """The figure must not grow but by so much, in its own unit."""

    limit: float


@dataclass(frozen=True)
class Verdict:
    """What the figures of one line say."""

    text: str
    is_kept: bool


@dataclass(frozen=True)
class Line:
    """One figure at each size; None where there is none."""

    name: str
    unit: str
    """Empty for what is counted."""
    values: tuple[float | None, ...]
    rule: Linear | Flat | None = None
    """What it must keep; None for a figure that is only shown."""
    drawn: bool = True

    @property
    def title(self) -> str:
        """Its name, and its unit if it has one."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def verdict(self, steps: Sequence[int], span: Callable[[float, float], str]) -> Verdict | None:
        """Whether it keeps its rule; None without a rule or with too few figures. `span` says from size to size."""
        points = [(step, value) for step, value in zip(steps, self.values, strict=True) if value is not None]
        if self.rule is None or len(points) < 2:
            return None
        if isinstance(self.rule, Flat):
            grown = points[-1][1] - points[0][1]
            kept = grown <= self.rule.limit
            more = f"{grown:+.1f} {self.unit}" if self.unit else f"{grown:+.0f}"
            return Verdict(f"{self.name}: flat: {_yes(kept)} ({more} between first and last)", kept)
        last = fit.last(points)
        power = fit.exponent(last)
        kept = fit.is_linear_or_better(power)
        over = span(last[0][0], last[-1][0])
        return Verdict(f"{self.name}: grows with exponent {power:.2f} {over}; linear or better: {_yes(kept)}", kept)


@dataclass(frozen=True)
class Growth:
    """One subject: the sizes, and the figures at each."""

    key: str
    """What its plot is called."""
    title: str
    counted: str
    """What the sizes count."""
    steps: tuple[int, ...]
    lines: tuple[Line, ...]
    labels: tuple[str, ...] = ()
    """The sizes as they are shown; the numbers themselves if there are none."""
    notes: tuple[str, ...] = field(default=())

    @property
    def heads(self) -> tuple[str, ...]:
        return self.labels or tuple(f"{step:,}" for step in self.steps)

    def span(self, first: float, last: float) -> str:
        """From one size to another, in words."""
        heads = dict(zip(self.steps, self.heads, strict=True))
        return f"from {heads[int(first)]} to {heads[int(last)]}" + ("" if self.labels else f" {self.counted}")

    @property
    def verdicts(self) -> list[Verdict]:
        found = (line.verdict(self.steps, self.span) for line in self.lines)
        return [verdict for verdict in found if verdict is not None]

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "counted": self.counted,
            "steps": list(self.steps),
            "figures": [{"name": line.name, "unit": line.unit, "values": list(line.values)} for line in self.lines],
            "verdicts": [{"text": verdict.text, "kept": verdict.is_kept} for verdict in self.verdicts],
            "notes": list(self.notes),
        }


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
