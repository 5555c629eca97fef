"""The report: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarking.figures import flat
from benchmarking.goals import Verdict
from benchmarking.results import Facts, Results, Timing


def table(machine: dict[str, str], results: Results, verdicts: Sequence[Verdict], seconds: float) -> str:
    blocks = [
        "\n".join(f"{name:<24}{value}" for name, value in machine.items()),
        *(_timing(row) if isinstance(row, Timing) else _facts(row) for row in results.rows),
        _goals(verdicts),
        f"measured in {seconds:.0f} s; a ratio is the median of the rounds, followed by its p10 and p90",
    ]
    return "\n\n".join(blocks)


def as_json(machine: dict[str, str], results: Results, verdicts: Sequence[Verdict], seconds: float) -> str:
    report: dict[str, Any] = {
        "machine": machine,
        "seconds": round(seconds, 1),
        "rows": [row.as_json() for row in results.rows],
        "goals": [verdict.as_json() for verdict in verdicts],
    }
    return json.dumps(report, indent=1, ensure_ascii=False)


def number(value: float) -> str:
    """A figure with as many digits as say something."""
    for limit, digits in ((1, 3), (100, 2), (1000, 1)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def _timing(row: Timing) -> str:
    unit = row.unit
    lines = [f"{row.title + ', ' + unit:<43}{'median':>10}{'p95':>10}{'p99':>10}{'n':>6}   {row.first} is"]
    for name, rounds in row.samples.items():
        samples = flat(rounds)
        # A percentile that is one of a few samples says nothing.
        figures = [
            number(row.figure(name, percent)) if len(samples) >= needed else ""
            for percent, needed in ((50, 1), (95, 20), (99, 100))
        ]
        cells = "".join(f"{figure:>10}" for figure in figures)
        lines.append(f"  {name:<41}{cells}{len(samples):>6}   {_comparison(row, name)}".rstrip())
    return "\n".join(lines + [f"  ({note})" for note in row.notes])


def _comparison(row: Timing, name: str) -> str:
    if name == row.first:
        return ""
    spread = row.ratio(name)
    if spread.median >= 1:
        median, low, high, word = spread.median, spread.low, spread.high, "faster"
    else:
        median, low, high, word = 1 / spread.median, 1 / spread.high, 1 / spread.low, "slower"
    # Of one or two rounds, the spread says nothing.
    between = f" ({number(low)} to {number(high)})" if spread.count > 2 else ""
    return f"{number(median)} × {word}{between}"


def _facts(row: Facts) -> str:
    lines = [row.title]
    lines += [f"  {name:<51}{number(value):>10} {unit}" for name, (value, unit) in row.values.items()]
    return "\n".join(lines + [f"  ({note})" for note in row.notes])


def _goals(verdicts: Sequence[Verdict]) -> str:
    lines = [f"{'goals':<83}{'measured':>10}"]
    for verdict in verdicts:
        value = "" if verdict.value is None else number(verdict.value)
        spread = f"  ({verdict.spread})" if verdict.spread else ""
        lines.append(f"  {verdict.goal.text:<81}{value:>10} {verdict.goal.unit:<7}{verdict.word}{spread}")
    return "\n".join(lines)
