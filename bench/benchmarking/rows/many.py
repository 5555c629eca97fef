"""Rows of many calls at once."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarking import processes
from benchmarking.bench import Bench
from benchmarking.client import Refused, Request, Tool
from benchmarking.contenders import commands, docker_sdk, exec_mcp
from benchmarking.results import Timing
from benchmarking.rounds import Action, interleave
from benchmarking.rows.calls import ended_well

AT_ONCE = 50
USERS = 10
ONE_BY_ONE = f"{exec_mcp.NAME}, one after another"
BARE_ONE_BY_ONE = f"{commands.SPAWN}, one after another"


def all_ended_well(answers: list[bytes]) -> None:
    for answer in answers:
        ended_well(answer)


class Failures:
    """Counts the calls that failed, for a contender that may lose some without an end to the run."""

    def __init__(self) -> None:
        self._failed = 0
        self._all = 0

    def count(self, answers: list[bytes]) -> None:
        for answer in answers:
            self._all += 1
            try:
                ended_well(answer)
            except Refused:
                self._failed += 1

    def notes(self, name: str) -> tuple[str, ...]:
        return (f"of {name}'s {self._all} calls, {self._failed} failed",) if self._failed else ()


def at_once(bench: Bench) -> Iterator[Timing]:
    """The same call fifty times, all of them under way together, beside fifty in a row."""
    ours = bench.exec_mcp
    calls: list[Request] = [Tool("execute_bash", {"command": "true"})] * AT_ONCE
    through_exec = [commands.docker_exec(bench.container, "bash", "-c", "true")] * AT_ONCE
    bare = [commands.bash("true")] * AT_ONCE
    turn = bench.effort.of(3, 1)
    actions = {
        exec_mcp.NAME: Action(lambda: ours.call_all(calls), all_ended_well, in_a_row=turn),
        ONE_BY_ONE: Action(lambda: [ours.call(call) for call in calls], all_ended_well, in_a_row=turn),
        commands.DOCKER_EXEC: Action(lambda: processes.run_together(through_exec), in_a_row=1, warm_up=0, slow=True),
        commands.SPAWN: Action(lambda: processes.run_together(bare), in_a_row=turn),
        BARE_ONE_BY_ONE: Action(lambda: [processes.run(command) for command in bare], in_a_row=turn),
    }
    failures = Failures()
    if not bench.effort.quick:
        theirs = bench.docker_sdk
        actions[docker_sdk.NAME] = Action(
            lambda: theirs.call_all(calls), failures.count, in_a_row=1, warm_up=0, slow=True
        )
    samples = interleave(actions, bench.effort.pace((15, 5), (3, 1)))
    in_a_row = {exec_mcp.NAME: samples[ONE_BY_ONE], commands.SPAWN: samples.pop(BARE_ONE_BY_ONE)}
    yield Timing("at once", f"{AT_ONCE} at once, execute_bash true", samples, notes=failures.notes(docker_sdk.NAME))
    note = "the time of all, without a pause in which a shell could be made ready ahead of its call"
    yield Timing("in a row", f"{AT_ONCE} one after another, execute_bash true", in_a_row, notes=(note,))


def users(bench: Bench) -> Iterator[Timing]:
    """One call of each of ten users, all at once, over one pipe. Each user has a sandbox that is up."""
    names = [bench.traces.user() for _ in range(USERS)]
    with exec_mcp.start(names[0], bench.traces.mark, "--workspace", "ephemeral") as server:
        server.initialize()
        calls: list[Request] = [Tool("execute_bash", {"command": "true"}, user) for user in names]
        all_ended_well(server.call_all(calls))
        through_exec = [commands.docker_exec(name, "bash", "-c", "true") for name in bench.traces.sandboxes(names)]
        bare = [commands.bash("true")] * USERS
        actions = {
            exec_mcp.NAME: Action(lambda: server.call_all(calls), all_ended_well),
            commands.DOCKER_EXEC: Action(
                lambda: processes.run_together(through_exec), in_a_row=2, warm_up=0, slow=True
            ),
            commands.SPAWN: Action(lambda: processes.run_together(bare)),
        }
        samples = interleave(actions, bench.effort.pace((15, 10), (3, 1)))
    bench.traces.settle(*names)
    yield Timing("users", f"{USERS} users at once, a call each", samples)
