"""What the programs that measure have in common: what they are asked for, and how they end."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NoReturn

from benchmarking.bench import Stuck
from benchmarking.client import Refused
from benchmarking.processes import Failed

# Where the pages of measurements are.
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"


def names(known: Collection[str], kind: str) -> Callable[[str], list[str]]:
    """Reads names with commas between them; `kind` is what each is the name of."""

    def read(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := [name for name in asked if name not in known]:
            raise argparse.ArgumentTypeError(f"there is no {kind} {unknown[0]!r}, but {', '.join(known)}")
        return asked

    return read


def sizes(text: str) -> list[int]:
    """Reads sizes with commas between them, and sorts them."""
    try:
        found = sorted({int(size) for size in text.split(",")})
    except ValueError:
        found = [0]
    if found[0] < 1:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a list of numbers above 0 with commas between them")
    return found


def parse_page(
    description: str | None,
    known: Collection[str],
    kind: str,
    *,
    check: str,
    output: str,
    sized: str | None = None,
) -> argparse.Namespace:
    """Parses the arguments of a program that measures parts and writes a page of the documentation from a whole run.

    `kind` is what each of the parts is the name of; `check` and `output` are the help of those options, and `sized` is
    that of `--sizes`, if there is one.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out the largest sizes, and repeat less")
    parser.add_argument("--json", action="store_true", help="print only JSON on standard output")
    parser.add_argument("--check", action="store_true", help=check)
    parser.add_argument(
        "--only",
        type=names(known, kind),
        metavar=f"{kind.upper()}[,{kind.upper()}]",
        help=f"measure only these: {', '.join(known)}",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help=f"where {output} (docs/benchmarks)")
    parser.set_defaults(sizes=None)
    if sized is not None:
        parser.add_argument("--sizes", type=sizes, metavar="N[,N…]", help=sized)
    options = parser.parse_args()
    if options.output is None and not (options.quick or options.only or options.sizes):
        options.output = DOCUMENTS
    return options


def run(program: str, main: Callable[[], int]) -> NoReturn:
    """Runs `main` and ends with its status; with 2 and one line of text where it could not measure."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (Failed, FileNotFoundError, Refused, Stuck) as error:
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(2)
