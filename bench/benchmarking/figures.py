"""What many samples come to: percentiles, and ratios that are taken round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The samples of one contender: a list for each round, empty where it did not take part.
Rounds = list[list[float]]


def percentile(samples: Sequence[float], percent: float) -> float:
    """The value below which so many percent of the samples are, between two samples on the line that joins them."""
    if not samples:
        raise ValueError("there are no samples")
    ordered = sorted(samples)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    if below + 1 >= len(ordered):
        return ordered[-1]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (place - below)


def median(samples: Sequence[float]) -> float:
    return percentile(samples, 50)


@dataclass(frozen=True)
class Spread:
    """A figure that was taken several times: its median, and where the middle eight tenths of it are."""

    median: float
    low: float
    high: float
    count: int

    @staticmethod
    def of(samples: Sequence[float]) -> Spread:
        return Spread(percentile(samples, 50), percentile(samples, 10), percentile(samples, 90), len(samples))


def ratio(above: Rounds, below: Rounds) -> Spread:
    """How many times as long the one took as the other, from the rounds in which both took part.

    Each round gives one ratio, of its two medians: what slows the machine down for a while slows down both, and cancels
    out. A ratio of medians over the whole run would keep it.
    """
    rounds = [(one, other) for one, other in zip(above, below, strict=True) if one and other]
    return Spread.of([median(one) / median(other) for one, other in rounds])


def flat(rounds: Rounds) -> list[float]:
    """All samples of a contender."""
    return [sample for turn in rounds for sample in turn]
