#!/usr/bin/env python3
"""Measures exec-mcp beside what somebody would take in its place, in turn, in one run, and holds it against its goals.

    bench/benchmark.py [--quick] [--json] [--check] [--only ROW[,ROW]]

Every contender does the same work on this machine, a few calls each in every round. A ratio is taken within a round, so
that what slows the machine down for a while does not change it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from benchmarking import goals, machine, program, report
from benchmarking.bench import Bench, Effort, patience
from benchmarking.results import Results
from benchmarking.rows import EXPLANATIONS, ROWS


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no layers: under 50 seconds in all")
    parser.add_argument("--json", action="store_true", help="print only JSON on standard output")
    parser.add_argument("--check", action="store_true", help="exit with status 1 if a goal is missed")
    parser.add_argument(
        "--only", type=program.names(ROWS, "row"), metavar="ROW[,ROW]", help=f"measure only these: {', '.join(ROWS)}"
    )
    options = parser.parse_args()
    if options.only is None:
        options.only = [name for name in ROWS if not (options.quick and name in EXPLANATIONS)]
    return options


def main() -> int:
    options = parse()
    began = time.monotonic()
    busy, described = machine.is_busy(), machine.describe()
    results = Results()
    with Bench(Effort(options.quick)) as bench:
        for name in options.only:
            started = time.monotonic()
            with patience():
                results.rows.extend(ROWS[name](bench))
            print(f"benchmark: {name} measured in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    if busy:
        described["note"] = "the machine was busy with something else when the run started"
    described["load at the end"] = machine.load()
    verdicts = goals.judge(results)
    show = report.as_json if options.json else report.table
    print(show(described, results, verdicts, time.monotonic() - began))
    return 1 if options.check and any(verdict.is_missed for verdict in verdicts) else 0


if __name__ == "__main__":
    program.run("benchmark", main)
