"""Run inside the sandbox: runs each program of a file with the instant and with the plain interpreter. Prints a line of
JSON for each difference, then one with the number of comparisons.

Arguments: the file, and --thorough to run each program, and in every form. The plain interpreter runs as in a sandbox
that has no other: without the launcher's directory in PATH.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Has the launcher take the program for one that is worth a snapshot, without the cost of the import.
PREFIX = "if 0:\n    import numpy\n"
INPUT = b"a line\nanother"
FORMS = ("-c", "script", "stdin")
PARALLEL = 3
# Two runs of one interpreter differ in these too, but for the directory.
LAUNCHER = "/usr/libexec/exec-mcp/bin:"
VOLATILE = re.compile(rb"0x[0-9a-f]{6,}|\bstarted \d+|psm_[0-9a-f]+|" + LAUNCHER.encode())


def run(mode: str, form: str, code: str, directory: str) -> tuple[int, bytes, bytes]:
    environment = {**os.environ}
    if mode == "plain":
        environment["PATH"] = environment["PATH"].replace(LAUNCHER, "")
    path = os.path.join(directory, "program.py")
    command, text = {
        "-c": (["python3", "-c", code, "x", "-y"], INPUT),
        "script": (["python3", "program.py", "x", "-y"], INPUT),
        "stdin": (["python3", "-", "x", "-y"], code.encode("utf-8", "surrogateescape")),
    }[form]
    if form == "script":
        with open(path, "w", encoding="utf-8") as file:
            file.write(code)
    done = subprocess.run(command, input=text, capture_output=True, env=environment, cwd=directory, timeout=600)
    return done.returncode, VOLATILE.sub(b"", done.stdout), VOLATILE.sub(b"", done.stderr)


def compare(number: int, form: str, code: str) -> dict | None:
    with tempfile.TemporaryDirectory(prefix="compare-") as parent:
        # The same path for both, without what the other one left.
        directory = os.path.join(parent, "here")
        runs = {}
        for mode in ("plain", "instant"):
            os.mkdir(directory)
            runs[mode] = run(mode, form, code, directory)
            shutil.rmtree(directory)
    if runs["plain"] == runs["instant"]:
        return None
    return {"line": number, "form": form, "code": code, **{mode: repr(found)[:1500] for mode, found in runs.items()}}


def is_instant() -> bool:
    code = "import numpy; print('memfd:python-snapshot' in open('/proc/self/maps').read())"
    # One that isn't answered in time, on a busy machine, does without.
    return any(subprocess.run(["python3", "-c", code], capture_output=True).stdout == b"True\n" for _ in range(5))


def main() -> None:
    path, is_thorough = sys.argv[1], "--thorough" in sys.argv
    with open(path, encoding="utf-8") as file:
        lines = list(enumerate(file.read().splitlines(), 1))
    programs = [
        (number, form, PREFIX + line.replace("\\n", "\n").replace("\\\n", "\\n") + "\n")
        for number, line in lines
        if line and not line.startswith("#")
        # Imports take the plain interpreter long.
        if is_thorough or "libraries" not in path or number % 3 == 0
        for form in (FORMS if is_thorough else FORMS[number % 3 :][:1])
    ]
    before = is_instant()
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for found in pool.map(lambda program: compare(*program), programs):
            if found:
                print(json.dumps(found), flush=True)
    print(json.dumps({"compared": len(programs), "instant": before and is_instant()}))


if __name__ == "__main__":
    main()
