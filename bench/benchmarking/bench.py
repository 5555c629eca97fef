"""One run of the comparison: its effort, and the contenders, each started when a row first asks for it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from support import engine

from benchmarking.client import Client, Tool, text
from benchmarking.contenders import docker_sdk, exec_mcp, kept_session
from benchmarking.rounds import Pace
from benchmarking.traces import Traces

T = TypeVar("T")

# Nothing that is measured takes nearly so long, in seconds.
PATIENCE = 300
# How long a row of a quick run goes on beginning rounds, in seconds.
QUICK_ROW = 2.5


@dataclass(frozen=True)
class Effort:
    """How much is done. The figures of a quick run are the same ones with a wider spread."""

    quick: bool

    def of(self, full: T, quick: T) -> T:
        return quick if self.quick else full

    def pace(self, full: tuple[int, int], quick: tuple[int, int]) -> Pace:
        """The number of rounds, and of those that the slow contenders take part in."""
        return Pace(*quick, slow_in_a_row=2, seconds=QUICK_ROW) if self.quick else Pace(*full)


class Bench:
    """Holds what is open during a run, and closes all of it at the end, however it ends."""

    def __init__(self, effort: Effort) -> None:
        self.effort = effort
        self.traces = Traces()
        self.closing = ExitStack()

    @cached_property
    def user(self) -> str:
        """Whose sandbox the shared server holds."""
        return self.traces.user()

    @cached_property
    def exec_mcp(self) -> Client:
        """A server of exec-mcp with a sandbox that is up, as its defaults have it."""
        server = self.closing.enter_context(exec_mcp.start(self.user, self.traces.mark))
        server.initialize()
        text(server.call(Tool("execute_bash", {"command": "true"})))
        return server

    @cached_property
    def container(self) -> str:
        """The container of that sandbox."""
        assert self.exec_mcp
        return engine.only_container(self.user)

    @cached_property
    def docker_sdk(self) -> Client:
        """The Python server, with a container that is up."""
        server = self.closing.enter_context(docker_sdk.start(self.traces.mark))
        server.initialize()
        text(server.call(Tool("execute_bash", {"command": "true"})))
        return server

    @cached_property
    def kept_session(self) -> Any:
        """An open llm-sandbox session."""
        return self.closing.enter_context(kept_session.make(self.traces.mark))

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        with unhurried():
            self.closing.close()
            for complaint in self.traces.sweep():
                print(f"left behind and removed: {complaint}", file=sys.stderr)


class Stuck(Exception):
    """Something did not end."""


@contextmanager
def patience(seconds: int = PATIENCE) -> Iterator[None]:
    """Ends what hangs, in a system call too."""

    def give_up(*_: object) -> None:
        raise Stuck(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def unhurried() -> Iterator[None]:
    """Tidies up undisturbed: a second Ctrl-C would leave containers behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
