"""What the demos check, and how long it took."""

from __future__ import annotations

import time
from typing import Any


class WrongResult(Exception):
    """A result is not what it must be."""


def timed(function: Any, *arguments: Any, **named: Any) -> tuple[Any, float]:
    """What the function returns, and how long it took in seconds."""
    start = time.perf_counter()
    result = function(*arguments, **named)
    return result, time.perf_counter() - start


def require(condition: bool, complaint: str) -> None:
    if not condition:
        raise WrongResult(complaint)
