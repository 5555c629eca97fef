"""Calls that come together: which of them wait for a keeper that is soon free, and how long. The clock is a fake."""

import importlib.util
from types import ModuleType

import pytest
from support.stdio_client import REPOSITORY

SOURCE = REPOSITORY / "Sources/ExecCore/Guest/guest/arrivals.py"
MILLISECOND = 0.001


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arrivals(clock) -> ModuleType:
    """The guest's own module, with a clock that stands still."""
    specification = importlib.util.spec_from_file_location("arrivals", SOURCE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.time = clock
    return module


@pytest.fixture
def queue(arrivals):
    queue = arrivals.Arrivals()
    for number in range(5):
        queue.add(arrivals.Arrival(number, "execute", {}))
    return queue


def numbers(taken) -> list[int]:
    return [arrival.number for arrival in taken]


def test_calls_begin_in_their_order_while_keepers_are_free(queue, clock):
    assert numbers(queue.take(True, clock.now) for _ in range(5)) == [0, 1, 2, 3, 4]
    assert queue.take(True, clock.now) is None
    assert not queue


def test_a_call_waits_while_others_have_only_just_begun(queue, clock):
    assert queue.take(False, clock.now) is None
    clock.now += 4 * MILLISECOND
    assert queue.take(False, clock.now - 4 * MILLISECOND) is None
    assert queue.take(True, clock.now).number == 0


def test_a_call_does_not_wait_where_none_will_end_soon(queue, clock):
    assert queue.take(False, clock.now - 21 * MILLISECOND).number == 0
    assert queue.take(False, 0.0).number == 1


def test_when_nothing_moves_the_next_ones_wait_ever_shorter(queue, clock):
    waits = []
    while queue:
        began = clock.now
        while queue.take(False, clock.now) is None:
            assert queue.seconds_to_wait() > 0
            clock.now += MILLISECOND / 10
        waits.append((clock.now - began) / MILLISECOND)
    assert waits == pytest.approx([5, 2.5, 1.25, 0.7, 0.4], abs=0.15)


def test_a_keeper_that_became_free_renews_the_patience(queue, clock):
    clock.now += 6 * MILLISECOND
    assert queue.take(False, clock.now).number == 0
    assert queue.take(True, clock.now).number == 1
    clock.now += 4 * MILLISECOND
    assert queue.take(False, clock.now) is None
    clock.now += 2 * MILLISECOND
    assert queue.take(False, clock.now).number == 2


def test_one_that_is_given_up_is_forgotten_with_its_bytes(queue, clock):
    queue.get(1).input += b"12345"
    queue.get(2).input += b"678"
    assert queue.size == 8
    assert queue.drop(1).number == 1
    assert queue.drop(1) is None
    assert queue.get(1) is None
    assert queue.size == 3
    assert numbers(queue.take(True, clock.now) for _ in range(4)) == [0, 2, 3, 4]
