"""Processes that are hard to find or to end, for a sandbox: `outrunners.c`, and a way into the shells that wait."""

from __future__ import annotations

import base64
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stdio_client import StdioClient

SOURCE = Path(__file__).with_name("outrunners.c")
PROGRAM = "/tmp/outrunners"
PIECE = 200_000

KINDS = ("leader", "chain", "woken", "subreaper", "disowned", "undumpable", "stopped", "planted")

# Whoever can open what a shell waits at can have it run something for them. The file grows meanwhile.
PLANT = r"""
for id in $(pgrep -f BASH_EXECUTION_STRING); do
    [ $id = $$ ] && continue
    run='while :; do echo -n . >> {file}; sleep 0.02; done'
    printf "$run\0" > /proc/$id/fd/9
    printf "${{#run}}\n$run" > /proc/$id/fd/9
done 2> /dev/null
echo -n . >> {file}
"""


def build(directory: Path) -> Path:
    """The program, which needs no library of the sandbox's."""
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "no C compiler is installed; Swift's toolchain has clang"
    path = directory / "outrunners"
    flags = ["-Wall", "-Wextra", "-Werror", "-O1", "-static", "-pthread"]
    subprocess.run([compiler, *flags, "-o", str(path), str(SOURCE)], check=True, timeout=240)
    return path


def bring(client: StdioClient, program: Path) -> None:
    """Puts the program into the sandbox."""
    text = base64.b64encode(zlib.compress(program.read_bytes())).decode()
    for at in range(0, len(text), PIECE):
        written = client.bash(f"cat >> {PROGRAM}.b64 <<'END'\n{text[at : at + PIECE]}\nEND", timeout=120)
        assert written == {"exit_code": 0, "stdout": "", "stderr": ""}, written
    unpack = "import base64, sys, zlib; sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read())))"
    made = client.bash(f'python3 -c "{unpack}" < {PROGRAM}.b64 > {PROGRAM} && chmod +x {PROGRAM}')
    assert made["exit_code"] == 0, made


def command(kind: str, file: str) -> str:
    """Starts one that adds to `file` while it lives, and holds no output."""
    if kind == "planted":
        return PLANT.format(file=file)
    return f"{PROGRAM} {kind} {file} > /dev/null 2>&1 &"


def growing(client: StdioClient, files: list[str]) -> list[str]:
    """Those of the files that something still adds to. Each must be there: whoever adds to it has run."""
    names = " ".join(files)
    outcome = client.bash(f"stat -c '%s %n' {names}; sleep 0.5; stat -c '%s %n' {names}")
    lines = outcome["stdout"].splitlines()
    assert len(lines) == 2 * len(files), outcome
    return sorted(line.split()[1] for line in set(lines[len(files) :]) - set(lines[: len(files)]))
