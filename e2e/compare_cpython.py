#!/usr/bin/env python3
"""Runs CPython's own tests of its command line in a sandbox, with the plain interpreter and with that of
`--python instant`, and says which of them end differently.

Not a part of the suites, because it needs Debian's package mirror: the tests are those of `libpython3.13-testsuite`.

Usage, with EXEC_MCP_BINARY as for the suites: python e2e/compare_cpython.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from support import engine
from support.instant import DIRECTORY, wait_for_snapshot
from support.stdio_client import StdioClient

PROGRAM = Path(__file__).parent / "sandbox" / "programs" / "cpython.py"
MODULES = ("test_cmd_line", "test_cmd_line_script")
TAG = "exec-mcp-cpython-tests:latest"
# The same hash in each run of a snapshot is what docs/python.md says.
EXPECTED = {"test.test_cmd_line.CmdLineTest.test_hash_randomization"}
RECIPE = f"""FROM {engine.IMAGE}
USER root
RUN cd /tmp && apt-get update && apt-get download libpython3.13-testsuite && dpkg -x *.deb suite \\
    && cd suite/usr/lib/python3.13/test && cp {" ".join(f"{name}.py" for name in MODULES)} /usr/lib/python3.13/test/
USER coderunner
"""


def build() -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "Dockerfile").write_text(RECIPE)
        subprocess.run([engine.program(), "build", "--network", "host", "--tag", TAG, directory], check=True)


def run(client: StdioClient, variable: str, interpreter: str) -> dict:
    command = f"cd /tmp && {variable} /usr/bin/python3 cpython.py {interpreter} {' '.join(MODULES)}"
    return json.loads(client.bash(command, timeout=600, wait=640)["stdout"].splitlines()[-1])


def main() -> int:
    build()
    options = ["--user", "cpython-tests", "--workspace", "ephemeral", "--python", "instant", "--image", TAG]
    with StdioClient([*options, "--max-timeout", "900"]) as client:
        client.initialize()
        wait_for_snapshot(client)
        client.call_tool("write_file", file_path="/tmp/cpython.py", content=PROGRAM.read_text())
        plain = run(client, "", "/usr/bin/python3")
        instant = run(client, "MCP_PYTHON=always", f"{DIRECTORY}/bin/python3")
    assert (plain["in use"], instant["in use"]) == ("False", "True")
    for name, found in {"plain": plain, "instant": instant}.items():
        print(name, dict(Counter(found["outcomes"].values())))
    differing = {name for name, outcome in instant["outcomes"].items() if plain["outcomes"].get(name) != outcome}
    for name in sorted(differing):
        print(f"{name}: {plain['outcomes'].get(name)} and {instant['outcomes'][name]}")
        print(instant["reports"].get(name, ""))
    return 0 if differing <= EXPECTED and plain["outcomes"].keys() == instant["outcomes"].keys() else 1


if __name__ == "__main__":
    sys.exit(main())
