"""The report: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarking.report import number
from benchmarking.tokens import goals
from benchmarking.tokens.nested import Costs, Row
from benchmarking.tokens.outcome import KINDS, Outcome
from benchmarking.tokens.vocabulary import Ruler


@dataclass
class Run:
    """All that was measured."""

    machine: dict[str, str]
    ruler: Ruler
    outcomes: list[Outcome] = field(default_factory=list)
    costs: Costs | None = None
    seconds: float = 0


def tables(run: Run) -> str:
    blocks = ["\n".join(f"{name:<24}{value}" for name, value in run.machine.items())]
    blocks += ["\n".join(_outcome(outcome, run.ruler.main)) for outcome in run.outcomes]
    if run.costs:
        blocks += ["\n".join(_row(row)) for row in run.costs.rows]
    blocks.append("\n".join(_goals(run)))
    return "\n\n".join([*blocks, f"measured in {run.seconds:.0f} s"])


def as_json(run: Run) -> str:
    costs = run.costs
    report = {
        "machine": run.machine,
        "seconds": round(run.seconds, 1),
        "units": list(run.ruler.units),
        "workloads": [outcome.as_json() for outcome in run.outcomes],
        "nested_calls": None if costs is None else [_row_as_json(row) for row in costs.rows],
        "goals": [verdict.as_json() for verdict in goals.judge(run.outcomes, costs)],
    }
    return json.dumps(report, indent=1, ensure_ascii=False)


def _outcome(outcome: Outcome, unit: str) -> Iterator[str]:
    yield f"{outcome.title}, {unit:<34}" + "".join(f"{word:>14}" for word in ("requests", *KINDS, "written"))
    for case in outcome.cases:
        yield f"  {case.name} (tool list: {case.head[unit]:,})"
        for arm, by_unit in case.arms.items():
            one = by_unit[unit]
            figures = (one.requests, *(getattr(one, kind) for kind in KINDS), one.written)
            yield f"    {arm:<52}" + "".join(f"{figure:>14,.0f}" for figure in figures)
        for arm in case.direct_arms:
            saved = "".join(f"{100 * case.saved(arm, kind, unit):>13.1f}%" for kind in KINDS)
            yield f"    {'saved, against ' + arm:<52}{'':>14}{saved}"
    yield from (f"  ({note})" for note in outcome.notes)


def _row(row: Row) -> Iterator[str]:
    yield f"{row.title + ', ' + row.unit:<62}{'median':>10}{'p10':>10}{'p90':>10}"
    for name in row.samples:
        spread = row.spread(name)
        yield f"  {name:<60}" + "".join(f"{number(one):>10}" for one in (spread.median, spread.low, spread.high))
    yield from (f"  ({note})" for note in row.notes)


def _row_as_json(row: Row) -> dict:
    figures = {}
    for name in row.samples:
        spread = row.spread(name)
        figures[name] = {"p50": round(spread.median, 4), "p10": round(spread.low, 4), "p90": round(spread.high, 4)}
    return {"title": row.title, "unit": row.unit, "figures": figures}


def _goals(run: Run) -> Iterator[str]:
    yield f"{'goals':<83}{'measured':>10}"
    for verdict in goals.judge(run.outcomes, run.costs):
        value = "" if verdict.value is None else number(verdict.value)
        spread = f"  ({verdict.spread})" if verdict.spread else ""
        yield f"  {verdict.goal.text:<81}{value:>10} {verdict.goal.unit:<7}{verdict.word}{spread}"
