"""How fast something grows: the exponent of the power that fits best."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]

# The last sizes say it, where what a call costs at the least no longer counts. They are so many times apart, for with
# sizes that are close noise would count for much.
LEAST_SPAN = 10
# What noise may add. Quadratic growth has an exponent of 2, and n·log n has 1.1 to 1.2 at these sizes.
TOLERANCE = 0.15


def last(points: Sequence[Point]) -> list[Point]:
    """The points at the end that the exponent is taken from."""
    count = min(2, len(points))
    while count < len(points) and points[-1][0] < LEAST_SPAN * points[-count][0]:
        count += 1
    return list(points[-count:])


def exponent(points: Sequence[Point]) -> float:
    """The slope of the straight line through the points' logarithms that fits best: 1 for what grows in proportion."""
    if len(points) < 2:
        raise ValueError("a line needs two points")
    places = [(math.log(x), math.log(y)) for x, y in points]
    middle_x = sum(x for x, _ in places) / len(places)
    middle_y = sum(y for _, y in places) / len(places)
    across = sum((x - middle_x) ** 2 for x, _ in places)
    return sum((x - middle_x) * (y - middle_y) for x, y in places) / across


def is_linear_or_better(power: float) -> bool:
    return power <= 1 + TOLERANCE
