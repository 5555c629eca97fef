"""What is promised of the bridge, and whether a run kept it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarking.goals import Goal, Verdict
from benchmarking.tokens.nested import Costs
from benchmarking.tokens.outcome import ONE_BY_ONE, PARALLEL, Case, Outcome
from benchmarking.tokens.workloads.meeting import UTTERANCES

# What is promised is promised of these sizes; a quick run has smaller ones of the first and the last.
MEETING, PEOPLE, TASKS = f"{UTTERANCES:,} utterances", "8 people", 200
# In milliseconds.
CALL_LIMIT = 2.0


def judge(outcomes: Sequence[Outcome], costs: Costs | None) -> list[Verdict]:
    by_key = {outcome.key: outcome for outcome in outcomes}
    verdicts: list[Verdict] = []

    def saves(text: str, limit: float, case: Case | None, arm: str, kind: str) -> None:
        saved = None
        if case is not None:
            saved = 100 * case.saved(arm, kind, next(iter(case.head)))
        verdicts.append(Verdict(Goal(text, limit, True, "%", lambda _: None), saved))

    meeting, people = _case(by_key, "meeting", MEETING), _case(by_key, "expenses", PEOPLE)
    functions = by_key.get("functions")
    whole = [case for case in functions.cases if len(functions.tasks[case.name]) == TASKS] if functions else []
    own, all_apis, most, *_ = [*whole, None, None, None]
    saves("W1: at least 95 % of all requests", 95, meeting, ONE_BY_ONE, "all")
    saves("W2, 8 people: at least 85 % of all requests, calls in parallel", 85, people, PARALLEL, "all")
    saves("W3, the task's own APIs: costs no more in sum, one call at a time", 0, own, ONE_BY_ONE, "all")
    saves("W3, 128 tools: at least 60 % of all requests, one call at a time", 60, all_apis, ONE_BY_ONE, "all")
    saves("W3, 655 tools: at least 90 % of all requests, one call at a time", 90, most, ONE_BY_ONE, "all")
    over = costs.over_server() if costs else None
    goal = Goal("a nested call takes at most 2 ms more than the server", CALL_LIMIT, False, "ms", lambda _: None)
    verdicts.append(Verdict(goal, over.median if over else None, f"{over.low:.2f} to {over.high:.2f}" if over else ""))
    return verdicts


def _case(outcomes: dict[str, Outcome], key: str, name: str) -> Case | None:
    cases = outcomes[key].cases if key in outcomes else []
    return next((case for case in cases if case.name == name), None)
