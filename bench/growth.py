#!/usr/bin/env python3
"""Measures how time and memory grow: with calls, with users, with the size of files, with skills.

    bench/growth.py [--quick] [--json] [--check] [--only SUBJECT[,SUBJECT]] [--output DIR]

Prints a table of each subject and what it comes to: the exponent of the growth, and whether memory is flat. A full run
writes the same with plots to docs/benchmarks; a quick or partial one writes only where --output says.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from benchmarking import machine, program
from benchmarking.bench import Bench, Effort, patience
from benchmarking.growth import report
from benchmarking.growth.series import Growth
from benchmarking.growth.subjects import SUBJECTS

# Nothing that is measured takes nearly so long, in seconds.
PATIENCE = 900


def parse() -> argparse.Namespace:
    return program.parse_page(
        __doc__,
        SUBJECTS,
        "subject",
        check="exit with status 1 if something grows that should not",
        output="growth.md and the plots go",
    )


def main() -> int:
    options = parse()
    began = time.monotonic()
    busy, described = machine.is_busy(), machine.describe()
    growths: list[Growth] = []
    with Bench(Effort(options.quick)) as bench:
        for name in options.only or SUBJECTS:
            started = time.monotonic()
            with patience(PATIENCE):
                growths.extend(SUBJECTS[name](bench))
            print(f"growth: {name} measured in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    if busy:
        described["note"] = "the machine was busy with something else when the run started"
    seconds = time.monotonic() - began
    if options.output is not None:
        write(options.output, described, growths, seconds)
    show = report.as_json if options.json else report.tables
    print(show(described, growths, seconds))
    return 1 if options.check and any(not verdict.is_kept for growth in growths for verdict in growth.verdicts) else 0


def write(directory: Path, described: dict[str, str], growths: list[Growth], seconds: float) -> None:
    # Here, so that all but the plots works where there is no matplotlib.
    from benchmarking.growth import plot

    directory.mkdir(parents=True, exist_ok=True)
    for growth in growths:
        plot.save(growth, directory)
    (directory / "growth.md").write_text(report.page(described, growths, seconds), encoding="utf-8")
    print(f"growth: written to {directory}", file=sys.stderr)


if __name__ == "__main__":
    program.run("growth", main)
