"""W2: who of a team spent more on travel than the budget of their level? The lines are many, the answer is short."""

from __future__ import annotations

import json
from typing import Any

from benchmarking.bench import Bench
from benchmarking.client import Refused
from benchmarking.tokens.bridge import BridgeArm
from benchmarking.tokens.direct import DirectArm
from benchmarking.tokens.outcome import BRIDGE, ONE_BY_ONE, PARALLEL, Case, Outcome, measured
from benchmarking.tokens.servers.program import entry
from benchmarking.tokens.transcript import Transcript, calls
from benchmarking.tokens.vocabulary import Ruler

PEOPLE = (1, 8, 31, 100)
LINES = 100
QUESTION = "Which members of the engineering team exceeded their travel budget in Q3, and by how much?"
SCRIPT = """
from servers import expenses, together
team = expenses.get_team_members("engineering")
levels = sorted({one["level"] for one in team})
budgets = {level: expenses.get_budget_by_level(level)["travel_budget"] for level in levels}
lines = together(expenses.get_expenses, [{"user_id": one["id"], "quarter": "Q3"} for one in team])
for one, own in zip(team, lines):
    spent = sum(x["amount"] for x in own if x["category"] == "travel" and x["status"] == "approved")
    if spent > budgets[one["level"]]:
        print(f"{one['name']}: {spent - budgets[one['level']]:.2f} over")
"""

Json = dict[str, Any]
Question = tuple[str, Json]


def run(bench: Bench, ruler: Ruler) -> Outcome:
    with BridgeArm(bench, {}) as alone:
        own = alone.head
    cases = [_case(bench, ruler, people, own) for people in bench.effort.of(PEOPLE, PEOPLE[:2])]
    lines = f"each person has {LINES} lines of expenses"
    return Outcome("expenses", "W2: the expenses of a team", cases, [lines])


def _case(bench: Bench, ruler: Ruler, people: int, own: tuple[str, ...]) -> Case:
    entries = {"expenses": entry("expenses", str(people), str(LINES))}
    with DirectArm(entries) as direct:
        head = direct.tool_list(["expenses"])
        (one_by_one, first), (parallel, second) = _direct(direct, head, False), _direct(direct, head, True)
    with BridgeArm(bench, entries) as bridge:
        said = Transcript(bridge.head)
        said.read(QUESTION)
        bridge.look_up(
            said, [("expenses", name) for name in ("get_team_members", "get_budget_by_level", "get_expenses")]
        )
        printed = bridge.python(said, SCRIPT).strip()
        said.write(_answer(printed))
    if not printed == first == second:
        raise Refused(f"the arms do not come to the same: {printed!r}, {first!r}, {second!r}")
    arms = {ONE_BY_ONE: one_by_one, PARALLEL: parallel, BRIDGE: said}
    made = sum(text.count('"name":"get_') for is_written, text in one_by_one.pieces if is_written)
    return measured(ruler, f"{people:,} {'person' if people == 1 else 'people'}", arms, head, own, made)


def _direct(arm: DirectArm, head: str, at_once: bool) -> tuple[Transcript, str]:
    """Asks as a model would that reads everything, and computes without a slip."""
    said = Transcript((head,))
    said.read(QUESTION)

    def ask(questions: list[Question]) -> list[Any]:
        texts = []
        for group in [questions] if at_once else [[question] for question in questions]:
            said.write(calls(group))
            for tool, arguments in group:
                texts.append(arm.call("expenses", tool, arguments))
                said.read(texts[-1])
        return [json.loads(text) for text in texts]

    (team,) = ask([("get_team_members", {"department": "engineering"})])
    levels = sorted({one["level"] for one in team})
    expenses = [("get_expenses", {"user_id": one["id"], "quarter": "Q3"}) for one in team]
    found = ask([*[("get_budget_by_level", {"level": level}) for level in levels], *expenses])
    budgets = dict(zip(levels, (one["travel_budget"] for one in found), strict=False))
    lines = []
    for one, own in zip(team, found[len(levels) :], strict=True):
        spent = sum(line["amount"] for line in own if line["category"] == "travel" and line["status"] == "approved")
        if spent > budgets[one["level"]]:
            lines.append(f"{one['name']}: {spent - budgets[one['level']]:.2f} over")
    said.write(_answer("\n".join(lines)))
    return said, "\n".join(lines)


def _answer(lines: str) -> str:
    return f"Over their budget for travel:\n{lines}" if lines else "Nobody exceeded the budget for travel."
