"""Measures several contenders in turn, round after round, so that a noisy machine is equally noisy for all."""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from benchmarking.figures import Rounds

# Seconds between two turns: the engine goes on tidying up after an exec, and that must not fall on the neighbour.
PAUSE = 0.03
# With fewer rounds, a ratio has no spread.
LEAST = 3


def nothing(*_: object) -> None:
    """What stands where nothing is to be done."""


@dataclass(frozen=True)
class Action:
    """One thing to measure."""

    run: Callable[[], Any]
    """What the clock runs for."""
    check: Callable[[Any], object] = nothing
    """Gets what `run` returned, after the clock was stopped; raises if that is not what had to come."""
    before: Callable[[], object] = nothing
    """Prepares each run, outside of the time."""
    after: Callable[[], object] = nothing
    """Tidies up after each run, outside of the time; also after one that failed."""
    in_a_row: int = 5
    """How many samples a turn takes."""
    warm_up: int = 1
    """How many runs at the head of a turn are not counted."""
    times: int = 1
    """How many times a run does it: a sample is the time of one."""
    slow: bool = False
    """Whether it takes so long that it takes part in some of the rounds only."""


@dataclass(frozen=True)
class Pace:
    """How many rounds there are, and how much of them the slow ones take part in."""

    rounds: int
    slow_rounds: int
    slow_in_a_row: int = 5
    """How many samples a slow one takes in a turn at most."""
    seconds: float = math.inf
    """After so long, and three rounds, no other begins: a busy machine gives fewer figures, not much later ones."""


def interleave(actions: Mapping[str, Action], pace: Pace) -> dict[str, Rounds]:
    """The seconds that each action took, a list for each round; empty in the rounds without it.

    Each round has an order of its own, so that nobody always follows the same neighbour. It is the same in every run.
    """
    samples: dict[str, Rounds] = {name: [] for name in actions}
    names = list(actions)
    rounds, fewer = pace.rounds, min(pace.slow_rounds, pace.rounds)
    began = time.monotonic()
    with no_garbage_collection():
        for number in range(rounds):
            if number >= LEAST and time.monotonic() - began > pace.seconds:
                break
            taken = -(-number * fewer // rounds) != -(-(number + 1) * fewer // rounds)
            for name in random.Random(number).sample(names, len(names)):
                action = actions[name]
                if action.slow:
                    action = replace(action, in_a_row=min(action.in_a_row, pace.slow_in_a_row))
                samples[name].append(_turn(action) if taken or not action.slow else [])
    return samples


def measure(action: Action) -> float:
    """The seconds that an action took, this once."""
    action.before()
    try:
        started = time.perf_counter_ns()
        answer = action.run()
        elapsed = time.perf_counter_ns() - started
        action.check(answer)
    finally:
        action.after()
    return elapsed / 1e9 / action.times


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collects now, and not again until it is over."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _turn(action: Action) -> list[float]:
    time.sleep(PAUSE)
    for _ in range(action.warm_up):
        measure(action)
    return [measure(action) for _ in range(action.in_a_row)]
