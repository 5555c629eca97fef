"""Clocks that jump while a server runs: the server's, not those of the machine, the engine or the sandbox."""

from __future__ import annotations

import atexit
import datetime
import functools
import os
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from .in_between import write_engine

SOURCE = Path(__file__).with_name("clock_jump.c")


@functools.cache
def _library() -> Path:
    """Made once: a compiler takes long where others compile too."""
    library = Path(tempfile.mkdtemp(prefix="clocks-")) / "clock_jump.so"
    atexit.register(shutil.rmtree, library.parent)
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "no C compiler is installed; Swift's toolchain has clang"
    flags = ["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-pthread"]
    subprocess.run([compiler, *flags, "-o", str(library), str(SOURCE)], check=True, timeout=240)
    return library


class Clocks:
    """The clocks of every server that is started with `environment` and `options`."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "jumps"
        self._file.write_bytes(bytes(16))
        self._library = _library()
        self._engine = write_engine(directory / "engine", "unset LD_PRELOAD")

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "CLOCK_JUMP_FILE": str(self._file)}

    @property
    def options(self) -> tuple[str, str]:
        """The engine's program, on which nothing is preloaded."""
        return "--engine", str(self._engine)

    def set_wall(self, moment: datetime.datetime) -> None:
        """Someone sets the clock."""
        self._write(0, round((moment.timestamp() - time.time()) * 1e9))

    def sleep_machine(self, seconds: int) -> None:
        """The machine falls asleep and wakes that much later."""
        slept = struct.unpack_from("=q", self._file.read_bytes(), 8)[0]
        wall = struct.unpack_from("=q", self._file.read_bytes(), 0)[0]
        self._write(0, wall + seconds * 10**9)
        self._write(8, slept + seconds * 10**9)

    def _write(self, place: int, value: int) -> None:
        descriptor = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(descriptor, struct.pack("=q", value), place)
        finally:
            os.close(descriptor)
