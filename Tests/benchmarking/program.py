"""What the programs that measure have in common: what they are asked for, and how they end."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Collection
from typing import NoReturn

from benchmarking.bench import Stuck
from benchmarking.client import Refused
from benchmarking.processes import Failed


def names(known: Collection[str], kind: str) -> Callable[[str], list[str]]:
    """Reads names with commas between them; `kind` is what each is the name of."""

    def read(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := [name for name in asked if name not in known]:
            raise argparse.ArgumentTypeError(f"there is no {kind} {unknown[0]!r}, but {', '.join(known)}")
        return asked

    return read


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
