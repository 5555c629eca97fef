"""Rows of what happens once: the start of a server, and the first call, which starts the container."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from support import engine

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Client, Refused, Request, Tool, result, text
from benchmarking.contenders import commands, docker_sdk, exec_mcp, kept_session
from benchmarking.figures import Rounds
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave, measure, no_garbage_collection

ONCE: dict[str, Any] = {"in_a_row": 1, "warm_up": 0}
TRUE = Tool("execute_bash", {"command": "true"})
FROM_START = "exec-mcp, from process start"
PREWARMED = "exec-mcp, started ahead"
SECOND = "exec-mcp, the second call"
# What the server logs when a sandbox is ready that no call has asked for yet.
READY = "is prewarmed for the next call"


class Passing:
    """A server that lives for one measurement."""

    def __init__(self, start: Callable[[], Client], settle: Callable[[], None]) -> None:
        self._start = start
        self._settle = settle
        self._server: Client | None = None

    def start(self) -> Client:
        self._server = self._start()
        return self._server

    def make_ready(self) -> None:
        self.start().initialize()

    def first_call(self) -> bytes:
        assert self._server
        return self._server.call(TRUE)

    def from_start(self) -> bytes:
        self.make_ready()
        return self.first_call()

    def end(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        self._settle()


def start(bench: Bench) -> Iterator[Timing]:
    """From the start of the process to the answer to `initialize`."""
    mark, user = bench.traces.mark, bench.traces.user()
    ours = Passing(lambda: exec_mcp.start(user, mark), lambda: None)
    theirs = Passing(lambda: docker_sdk.start(mark), lambda: None)
    actions = {
        exec_mcp.NAME: Action(lambda: ours.start().shake_hands(), after=ours.end),
        docker_sdk.NAME: Action(lambda: theirs.start().shake_hands(), after=theirs.end, slow=True, **ONCE),
    }
    samples = interleave(actions, bench.effort.pace((15, 5), (6, 1)))
    yield Timing("start", "start to initialize answered", samples)


def cold(bench: Bench) -> Iterator[Timing]:
    """The first call, which starts the container. The user has been here before: the volumes are there."""
    mark, user = bench.traces.mark, bench.traces.user()

    def start_ours() -> Client:
        return exec_mcp.start(user, mark)

    def settle() -> None:
        bench.traces.settle(user)

    with start_ours() as first:
        first.initialize()
        text(first.call(TRUE))
        arguments = exec_mcp.run_arguments(first, user) if processes.VISIBLE else None
    settle()
    ready, whole = Passing(start_ours, settle), Passing(start_ours, settle)
    theirs = Passing(lambda: docker_sdk.start(mark), lambda: None)
    plain = commands.docker_run(mark, "true")
    opened = ExitStack()

    def open_session() -> object:
        return opened.enter_context(kept_session.make(mark)).execute_command("bash -c true")

    actions = {
        exec_mcp.NAME: Action(ready.first_call, text, ready.make_ready, ready.end, **ONCE),
        FROM_START: Action(whole.from_start, text, after=whole.end, **ONCE),
        commands.DOCKER_RUN: Action(lambda: processes.run(plain), **ONCE),
        docker_sdk.NAME: Action(theirs.first_call, text, theirs.make_ready, theirs.end, slow=True, **ONCE),
        kept_session.COMMAND: Action(open_session, kept_session.succeeded, after=opened.close, slow=True, **ONCE),
    }
    if arguments is not None:
        hardened = commands.docker_run_hardened(mark, arguments, "true")
        actions[commands.DOCKER_RUN_HARDENED] = Action(lambda: processes.run(hardened), **ONCE)
    samples = interleave(actions, bench.effort.pace((20, 5), (3, 1)))
    notes = (
        "the floor is docker run -i --rm IMAGE true, which ends with the container removed; exec-mcp does that later",
        "all our flags: those that exec-mcp starts its own sandbox with",
    )
    yield Timing("cold", "first call, cold", samples, notes=notes)


def prewarmed(bench: Bench) -> Iterator[Timing]:
    """The first call of a server that starts the sandbox ahead, once it is up, beside the second."""
    mark, user = bench.traces.mark, bench.traces.user()
    samples: dict[str, Rounds] = {PREWARMED: [], SECOND: []}
    with no_garbage_collection():
        for _ in range(bench.effort.of(15, 2)):
            with exec_mcp.start(user, mark, "--prewarm", "--log-level", "info") as server:
                server.initialize()
                result(server.call(Request("tools/list")))
                if engine.poll(lambda server=server: READY in server.log(), 30) is None:
                    raise Refused(f"no sandbox was started ahead: {server.log()[-2000:]}")
                call = Action(lambda server=server: server.call(TRUE), text)
                samples[PREWARMED].append([measure(call)])
                samples[SECOND].append([measure(call)])
            bench.traces.settle(user)
    yield Timing("prewarmed", "first call with --prewarm", samples)
