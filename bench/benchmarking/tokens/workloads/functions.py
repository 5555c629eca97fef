"""W3: all tasks of several turns of the Berkeley Function Calling Leaderboard, with the calls that it says are right.

The functions are many and small, and no result is filtered: a script prints whatever the direct arm reads. What can be
saved is the list of tools and the requests between calls.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarking.bench import Bench
from benchmarking.client import Refused
from benchmarking.tokens import leaderboard
from benchmarking.tokens.bridge import BridgeArm
from benchmarking.tokens.direct import DirectArm
from benchmarking.tokens.leaderboard import Task, Turn
from benchmarking.tokens.outcome import BRIDGE, ONE_BY_ONE, PARALLEL, SIGNATURES, Case, Outcome, measured, total
from benchmarking.tokens.servers.program import entry
from benchmarking.tokens.transcript import Transcript, calls
from benchmarking.tokens.vocabulary import Ruler

# So many further tools are installed in the last case, on servers of so many each.
OTHERS, OTHERS_EACH = 527, 40
QUICK_TASKS = 12
DONE = "Done."


def run(bench: Bench, ruler: Ruler) -> Outcome:
    tasks = leaderboard.tasks()[: bench.effort.of(None, QUICK_TASKS)]
    others = tuple(f"others_{first}" for first in range(0, bench.effort.of(OTHERS, 0), OTHERS_EACH))
    every = tuple(leaderboard.APIS.values())
    outcome = Outcome("functions", "W3: tasks of several turns (BFCL v4)", [])
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "task"
        own = stack.enter_context(BridgeArm(bench, {})).head
        direct = stack.enter_context(DirectArm({name: _entry(name, state) for name in (*every, *others)}))
        runner = Runner(bench, ruler, direct, state, own)
        small = sum(len(leaderboard.functions(name)) for name in every)
        installed = [("the task's own APIs", None), (f"{small} tools", every)]
        if others:
            installed.append((f"{small + OTHERS} tools", (*every, *others)))
        for name, servers in installed:
            cases = list(runner.cases(tasks, servers))
            outcome.tasks[name] = cases
            outcome.cases.append(total(name, cases))
    made = sum(len(turn.calls) for task in tasks for turn in task.turns)
    outcome.notes.append(
        f"{len(tasks)} tasks, {made:,} calls, bfcl-eval {leaderboard.version()}; the sums are those of all tasks, the "
        "length of the tool list is the mean"
    )
    return outcome


def _entry(server: str, state: Path) -> dict[str, Any]:
    if server.startswith("others_"):
        first = int(server.partition("_")[2])
        return entry("functions", "others", str(first), str(min(OTHERS_EACH, OTHERS - first)))
    return entry("functions", "api", server, str(state))


class Runner:
    """Runs tasks in all arms."""

    def __init__(self, bench: Bench, ruler: Ruler, direct: DirectArm, state: Path, own: tuple[str, ...]) -> None:
        self._bench, self._ruler, self._direct, self._state, self._own = bench, ruler, direct, state, own
        self._runs = 0

    def cases(self, tasks: tuple[Task, ...], servers: tuple[str, ...] | None) -> Iterator[Case]:
        """Runs all tasks with these servers; None for those of each task alone."""
        groups: dict[tuple[str, ...], list[Task]] = {}
        for task in tasks:
            groups.setdefault(servers or tuple(sorted(task.apis)), []).append(task)
        found: dict[str, Case] = {}
        for names, members in groups.items():
            with BridgeArm(self._bench, {name: _entry(name, self._state) for name in names}) as bridge:
                for task in members:
                    found[task.id] = self._case(task, bridge, list(names))
        return (found[task.id] for task in tasks)

    def _case(self, task: Task, bridge: BridgeArm, servers: list[str]) -> Case:
        # The servers of both arms have a state of their own, and start anew when the file changes.
        self._runs += 1
        self._state.write_text(f"{self._runs} {task.id}", encoding="utf-8")
        head = self._direct.tool_list(servers)
        one_by_one, parallel = Transcript((head,)), Transcript((head,))
        careful = ScriptedAgent(bridge)
        for turn in task.turns:
            for said in (one_by_one, parallel, careful.said, careful.bare):
                said.read(turn.text)
            results = [self._direct.call(call.api, call.function, call.arguments) for call in turn.calls]
            made = [(call.function, call.arguments) for call in turn.calls]
            for one, text in zip(made, results, strict=True):
                one_by_one.write(calls([one]))
                one_by_one.read(text)
            if made:
                parallel.write(calls(made))
                for text in results:
                    parallel.read(text)
                printed = careful.run(turn)
                if printed != "".join(f"{_value(text)}\n" for text in results):
                    raise Refused(f"{task.id}: the arms differ: {results} and {printed!r}")
            for said in (one_by_one, parallel, careful.said, careful.bare):
                said.write(DONE)
        arms = {ONE_BY_ONE: one_by_one, PARALLEL: parallel, BRIDGE: careful.said, SIGNATURES: careful.bare}
        made_in_all = sum(len(turn.calls) for turn in task.turns)
        return measured(self._ruler, task.id, arms, head, self._own, made_in_all)


class ScriptedAgent:
    """What an agent does that knows the right calls: one script for each turn."""

    def __init__(self, bridge: BridgeArm) -> None:
        self._bridge = bridge
        self.said = Transcript(bridge.head)
        """Looks up every tool once before it uses it."""
        self.bare = Transcript(bridge.head)
        """Relies on signatures."""
        self._looked_up: set[tuple[str, str]] = set()
        self._listed: set[str] = set()

    def run(self, turn: Turn) -> str:
        """Makes the calls of a turn and returns what the script printed."""
        used = list(dict.fromkeys((call.api, call.function) for call in turn.calls))
        unseen = {api for api, name in used if f"\n{name}(" not in self._bridge.prompt} - self._listed
        self._both(lambda: self._bridge.list_tools(self.said, sorted(unseen)))
        self._listed |= unseen
        self._bridge.look_up(self.said, [tool for tool in used if tool not in self._looked_up])
        self._looked_up.update(used)
        return self._both(lambda: self._bridge.python(self.said, _script(turn)))

    def _both(self, act: Any) -> Any:
        """Does something that is said in both transcripts."""
        before = len(self.said.pieces)
        answer = act()
        self.bare.pieces += self.said.pieces[before:]
        return answer


def _script(turn: Turn) -> str:
    modules = ", ".join(sorted({call.api for call in turn.calls}))
    lines = [f"from servers import {modules}"]
    for call in turn.calls:
        arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
        lines.append(f"print({call.api}.{call.function}({arguments}))")
    return "\n".join(lines)


def _value(text: str) -> Any:
    """What a script gets of a text: data if it is an object or a list."""
    if text.strip().startswith(("{", "[")):
        return json.loads(text)
    return text
