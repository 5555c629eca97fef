"""The report: tables for people, a page for the documents, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from benchmarking.growth.fit import TOLERANCE
from benchmarking.growth.probe import FLAT
from benchmarking.growth.series import Growth
from benchmarking.report import number

PAGE = f"""# Growth

How time and memory grow with the number of calls, users and skills and with the size of files. `make bench-growth` made
this page and its plots, in one run on the machine described below.

A figure is linear or better if the exponent of its growth, fitted to the last sizes, is at most {1 + TOLERANCE:.2f}:
1 means linear, 2 quadratic. Memory is flat if the first size and the last differ by no more than
{FLAT.limit:.0f} MB. In the plots, the thin line is linear growth.
"""


def tables(machine: dict[str, str], growths: Sequence[Growth], seconds: float) -> str:
    blocks = ["\n".join(f"{name:<24}{value}" for name, value in machine.items())]
    blocks += ["\n".join(_table(growth)) for growth in growths]
    return "\n\n".join([*blocks, f"measured in {seconds:.0f} s"])


def as_json(machine: dict[str, str], growths: Sequence[Growth], seconds: float) -> str:
    report = {"machine": machine, "seconds": round(seconds, 1), "growth": [growth.as_json() for growth in growths]}
    return json.dumps(report, indent=1, ensure_ascii=False)


def page(machine: dict[str, str], growths: Sequence[Growth], seconds: float) -> str:
    blocks = [PAGE.rstrip()]
    blocks += ["\n\n".join(_section(growth)) for growth in growths]
    return "\n\n".join([*blocks, place(machine, seconds)]) + "\n"


def place(machine: dict[str, str], seconds: float) -> str:
    """The section of a page that says where its figures come from."""
    rows = [f"| {name} | {value} |" for name, value in machine.items()]
    return "\n".join(["## Machine", "", "| | |", "|---|---|", *rows, "", f"Measured in {seconds:.0f} s."])


def table(growth: Growth) -> str:
    """All figures in a table of a page."""
    rows = [f"| {line.title} | " + " | ".join(_cell(value) for value in line.values) + " |" for line in growth.lines]
    rule = "|---|" + "--:|" * len(growth.heads)
    return "\n".join([f"| {growth.counted} | " + " | ".join(growth.heads) + " |", rule, *rows])


def remarks(growth: Growth) -> Iterator[str]:
    """What a page says below a table: the verdicts, then the notes."""
    yield "\n".join(f"- {verdict.text}" for verdict in growth.verdicts)
    yield "\n".join(f"{note[0].upper()}{note[1:]}.  " for note in growth.notes).rstrip()


def _table(growth: Growth) -> Iterator[str]:
    yield f"{growth.title:<54}" + "".join(f"{head:>9}" for head in growth.heads)
    for line in growth.lines:
        cells = "".join(f"{_cell(value):>9}" for value in line.values)
        yield f"  {line.title:<52}{cells}".rstrip()
    yield from (f"  {verdict.text}" for verdict in growth.verdicts)
    yield from (f"  ({note})" for note in growth.notes)


def _section(growth: Growth) -> Iterator[str]:
    yield f"## {growth.title}"
    yield f"![{growth.title}: time and memory]({growth.key}.png)"
    yield table(growth)
    yield from remarks(growth)


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) else number(value)
