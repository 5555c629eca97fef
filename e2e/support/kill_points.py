"""Programs that are killed, as with `kill -9`, at an exact point of their work with some files."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("kill_point.c")
# The points in a change of a file of state, in their order, and whether the change counts from there on.
POINTS = {
    ("flock", "before"): False,
    ("flock", "after"): False,
    ("write", "before"): False,
    ("write", "during"): False,
    ("write", "after"): False,
    ("fsync", "before"): False,
    ("fsync", "after"): False,
    ("rename", "before"): False,
    ("rename", "after"): True,
}


@functools.cache
def _library() -> Path:
    """Made once: a compiler takes long where others compile too."""
    library = Path(tempfile.mkdtemp(prefix="kill-points-")) / "kill_point.so"
    atexit.register(shutil.rmtree, library.parent)
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "no C compiler is installed; Swift's toolchain has clang"
    flags = ["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, "-o", str(library), str(SOURCE)], check=True, timeout=240)
    return library


def environment(point: tuple[str, str], path: str) -> dict[str, str]:
    """What kills a program at a point of its work with files whose paths contain `path`."""
    call, when = point
    return {"LD_PRELOAD": str(_library()), "KILL_CALL": call, "KILL_WHEN": when, "KILL_PATH": path}
