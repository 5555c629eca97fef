"""The report as a page of the documents."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarking.growth import report
from benchmarking.growth.series import Growth

PAGE = """# Scale

What many sandboxes of one server cost: their starts, what they hold at rest, and what happens when all of them are cut
off at once. `make bench-scale` made this page, in one run on the machine described below; [sizing.md](../sizing.md)
says what follows from it.

For each size a new server is started, with one user for each sandbox. All users call `execute_bash true` at once, and
no sandbox is there yet. Memory and descriptors are counted when nothing runs any more. *Private* memory is what would
be free without the process; *resident* memory has its part of the program's file too, which all processes of that
program share. *Own* memory is read during a load and leaves out all files. A figure is linear or better as in
[growth.md](growth.md).
"""


def page(machine: dict[str, str], growths: Sequence[Growth], seconds: float) -> str:
    blocks = [PAGE.rstrip()]
    for growth in growths:
        blocks += [f"## {growth.title}", report.table(growth), *report.remarks(growth)]
    return "\n\n".join([*blocks, report.place(machine, seconds)]) + "\n"
