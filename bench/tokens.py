#!/usr/bin/env python3
"""Counts the tokens of tasks whose tools a model calls itself, and of the same tasks done by scripts in the sandbox.

    bench/tokens.py [--quick] [--json] [--check] [--only PART[,PART]] [--output DIR]

No model takes part: a script says what a model would. Everything else is real, and both ways must come to the same. The
part nested-calls measures what a call from the sandbox takes. A full run writes tables and a plot to docs/benchmarks; a
quick or partial one writes only where --output says. Without the packages tiktoken and litellm only bytes are counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from benchmarking import machine, program
from benchmarking.bench import Bench, Effort, patience
from benchmarking.tokens import goals, nested, page, report
from benchmarking.tokens.vocabulary import Ruler
from benchmarking.tokens.workloads import WORKLOADS

NESTED = "nested-calls"
PARTS = (*WORKLOADS, NESTED)
# Nothing that is measured takes nearly so long, in seconds.
PATIENCE = 1800


def parse() -> argparse.Namespace:
    return program.parse_page(
        __doc__,
        PARTS,
        "part",
        check="exit with status 1 if a goal is missed",
        output="tokens.md and its plot go",
    )


def main() -> int:
    options = parse()
    began = time.monotonic()
    busy, described = machine.is_busy(), machine.describe()
    run = report.Run(described, Ruler())
    with Bench(Effort(options.quick)) as bench:
        # First what is timed, so that what the others leave behind in the engine does not disturb it.
        for name in [part for part in (NESTED, *WORKLOADS) if part in (options.only or PARTS)]:
            started = time.monotonic()
            with patience(PATIENCE):
                if name == NESTED:
                    described["load before the nested calls"] = machine.load()
                    run.costs = nested.measure(bench)
                    described["load after the nested calls"] = machine.load()
                else:
                    run.outcomes.append(WORKLOADS[name](bench, run.ruler))
            print(f"tokens: {name} measured in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    if busy:
        described["note"] = "the machine was busy with something else when the run started"
    described["load at the end"] = machine.load()
    run.seconds = time.monotonic() - began
    if options.output is not None:
        write(options.output, run)
    print(report.as_json(run) if options.json else report.tables(run))
    return 1 if options.check and any(verdict.is_missed for verdict in goals.judge(run.outcomes, run.costs)) else 0


def write(directory: Path, run: report.Run) -> None:
    # Here, so that all but the plot works where there is no matplotlib.
    from benchmarking.tokens import plot

    directory.mkdir(parents=True, exist_ok=True)
    plot.save(run.outcomes, run.ruler.main, directory)
    (directory / "tokens.md").write_text(page.page(run), encoding="utf-8")
    print(f"tokens: written to {directory}", file=sys.stderr)


if __name__ == "__main__":
    program.run("tokens", main)
