"""What the rows of the table hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarking.figures import Rounds, Spread, flat, percentile, ratio


@dataclass(frozen=True)
class Timing:
    """How long something took, for each contender in turn; or how much of it was done in a second."""

    key: str
    """By what goals and `--only` know it."""
    title: str
    samples: dict[str, Rounds]
    """Seconds. The contender that all others are held against comes first."""
    amount: float | None = None
    """How much each sample did, if a rate is asked for."""
    unit: str = "ms"
    """The unit of the figures: ms, or what `amount` counts in a second."""
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        return next(iter(self.samples))

    def figure(self, name: str, percent: float) -> float:
        """A percentile, in the row's unit. Of a rate, the 95th is the one that 95 of 100 are better than."""
        seconds = percentile(flat(self.samples[name]), percent)
        return seconds * 1000 if self.amount is None else self.amount / seconds

    def ratio(self, name: str, to: str | None = None) -> Spread:
        """How many times as long as the first contender, or another one, this one took."""
        return ratio(self.samples[name], self.samples[to or self.first])

    def as_json(self) -> dict[str, Any]:
        figures = {
            name: {
                **{f"p{percent}": round(self.figure(name, percent), 4) for percent in (50, 95, 99)},
                "samples": len(flat(rounds)),
                "times_the_first": _spread(self.ratio(name)),
            }
            for name, rounds in self.samples.items()
        }
        return {
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "less_is_better": self.amount is None,
            "figures": figures,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Facts:
    """What is simply counted: sizes, memory."""

    key: str
    title: str
    values: dict[str, tuple[float, str]]
    """By name: the value and its unit."""
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        values = {name: {"value": round(value, 4), "unit": unit} for name, (value, unit) in self.values.items()}
        return {"key": self.key, "title": self.title, "values": values, "notes": list(self.notes)}


@dataclass
class Results:
    """All rows of a run."""

    rows: list[Timing | Facts] = field(default_factory=list)

    def timing(self, key: str) -> Timing | None:
        return next((row for row in self.rows if isinstance(row, Timing) and row.key == key), None)

    def fact(self, key: str, name: str) -> float | None:
        for row in self.rows:
            if isinstance(row, Facts) and row.key == key and name in row.values:
                return row.values[name][0]
        return None


def _spread(spread: Spread) -> dict[str, float]:
    return {
        "median": round(spread.median, 4),
        "p10": round(spread.low, 4),
        "p90": round(spread.high, 4),
        "rounds": spread.count,
    }
