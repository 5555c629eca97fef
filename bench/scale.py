#!/usr/bin/env python3
"""Measures many sandboxes of one server: starts, memory, descriptors, and the recovery after all of them were cut off.

    bench/scale.py [--quick] [--json] [--check] [--only STAGE[,STAGE]] [--sizes N[,N…]] [--output DIR]

One server holds the sandboxes of all users, who are told apart by `_meta["x-user-id"]`. On the stage `cluster` a double
of the API server answers the real kubectl, and a few lines of it take the place of each sandbox; on the stage `docker`
the containers are real. A full run writes docs/benchmarks/scale.md; a quick or partial one writes only where --output
says.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from benchmarking import machine, program
from benchmarking.bench import patience, unhurried
from benchmarking.growth import report as tables
from benchmarking.growth.series import Growth
from benchmarking.traces import Traces
from scaling import report
from scaling.measure import Effort, measure
from scaling.stages import STAGES

# Nothing that is measured takes nearly so long, in seconds.
PATIENCE = 3600


def parse() -> argparse.Namespace:
    return program.parse_page(
        __doc__,
        STAGES,
        "stage",
        check="exit with status 1 if something grows that should not",
        output="scale.md goes",
        sized="how many sandboxes, instead of each stage's own sizes",
    )


def main() -> int:
    options = parse()
    began = time.monotonic()
    busy, described = machine.is_busy(), machine.describe()
    growths: list[Growth] = []
    traces = Traces()
    try:
        for name in options.only or STAGES:
            stage, started = STAGES[name], time.monotonic()
            steps = options.sizes or (stage.quick_steps if options.quick else stage.steps)
            effort = Effort(rest=2, calls=20) if options.quick else Effort()
            with patience(PATIENCE):
                growths += measure(stage, steps, effort, traces)
            print(f"scale: {name} measured in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    finally:
        with unhurried():
            for complaint in traces.sweep():
                print(f"left behind and removed: {complaint}", file=sys.stderr)
    if busy:
        described["note"] = "the machine was busy with something else when the run started"
    seconds = time.monotonic() - began
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "scale.md").write_text(report.page(described, growths, seconds), encoding="utf-8")
        print(f"scale: written to {options.output}", file=sys.stderr)
    show = tables.as_json if options.json else tables.tables
    print(show(described, growths, seconds))
    return 1 if options.check and any(not verdict.is_kept for growth in growths for verdict in growth.verdicts) else 0


if __name__ == "__main__":
    program.run("scale", main)
