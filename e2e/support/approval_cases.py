"""Tests of approval that every published client has to pass. Each gets

- `connect(decide)`, which connects a client whose person answers a message with an action and, if that is `accept`, a
  decision,
- `run(client, command, **more)`, which returns what a command prints,
- the directory of the server's journal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio

from . import approvals

# The settings of the server that `without_an_answer_nothing_runs` needs.
IMPATIENT = {"approvalTimeout": 1}


async def the_answer_decides(connect: Any, run: Any, directory: Path) -> None:
    answers = [("accept", "once"), ("decline", None), ("cancel", None), ("accept", "deny"), ("accept", "session")]
    left = list(answers)

    async def decide(message: str) -> tuple[str, str | None]:
        assert approvals.count(message) == 1
        before = approvals.calls(directory)
        # Long enough for a call that did not wait.
        await anyio.sleep(0.2)
        assert approvals.calls(directory) == before
        return left.pop(0)

    async with connect(decide) as client:
        printed = [(await run(client, approvals.ONE)).split() for _ in answers]
        assert printed[0] == ["1", "0"] and printed[4] == ["2", "0"], printed
        assert all(one[-1] == "4" for one in printed[1:4]), printed
        assert await run(client, approvals.ONE) == "3\n0\n", "for the session"
    assert approvals.calls(directory) == 3 and not left


async def calls_at_once_are_asked_about_together(connect: Any, run: Any, directory: Path) -> None:
    asked: list[int] = []

    async def decide(message: str) -> tuple[str, str]:
        asked.append(approvals.count(message))
        assert approvals.calls(directory) <= sum(asked[:-1])
        # All others are made meanwhile, and are one more question at most, unless the machine is very busy.
        if len(asked) == 1:
            await anyio.sleep(2)
        return "accept", "once"

    async with connect(decide) as client:
        printed = await run(client, approvals.MANY)
        assert printed == f"{list(range(1, 32))}\n", printed
    assert sum(asked) == 31 and len(asked) < 20, asked
    assert approvals.calls(directory) == 31


async def commands_at_once_get_their_own_answers(connect: Any, run: Any, directory: Path) -> None:
    decisions = [("accept", "once"), ("decline", None)]

    async def decide(message: str) -> tuple[str, str | None]:
        return decisions.pop(0)

    printed: list[str] = []

    async def ask(client: Any) -> None:
        printed.append((await run(client, approvals.ONE)).split()[-1])

    async with connect(decide) as client, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(ask, client)
    assert sorted(printed) == ["0", "4"], printed
    assert approvals.calls(directory) == 1


async def the_clock_stands_while_the_person_thinks(connect: Any, run: Any, directory: Path) -> None:
    async def decide(message: str) -> tuple[str, str]:
        await anyio.sleep(10)
        return "accept", "once"

    async with connect(decide) as client:
        printed = await run(client, approvals.ONE, timeout=8)
        assert printed == "1\n0\n", printed


async def without_an_answer_nothing_runs(connect: Any, run: Any, directory: Path) -> None:
    asked: list[str] = []
    with anyio.CancelScope() as scope:

        async def decide(message: str) -> tuple[str, str]:
            asked.append(message)
            # Longer than the server waits.
            scope.deadline = anyio.current_time() + 10
            await anyio.sleep(600)
            return "accept", "once"

        async with connect(decide) as client:
            await run(client, approvals.ONE)
    assert asked
    assert approvals.calls(directory) == 0
