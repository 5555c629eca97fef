"""What every package of a release is made of: the programs, their manual pages, the skills and the tools."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from manual_page import manual_page

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = ("exec-mcp", "exec-agent")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# That of the file LICENSE.
LICENSE = "Apache-2.0"
# With these exceptions, a program that contains the code may be distributed under any terms.
RUNTIME_EXCEPTIONS = ("GCC-exception-3.1", "Swift-exception")
SERVER_NAME = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+")
LONGEST_SERVER_NAME = 200


def argument_parser(description: str) -> argparse.ArgumentParser:
    """The options that the makers of all packages have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--programs", type=Path, default=REPOSITORY / ".build/portable", help="the linked programs")
    parser.add_argument("--output", type=Path, required=True, help="directory to write to")
    return parser


def server_name(text: str) -> str:
    """A name that the MCP registry accepts; empty for none yet. For argparse."""
    if text and (len(text) > LONGEST_SERVER_NAME or not SERVER_NAME.fullmatch(text)):
        raise argparse.ArgumentTypeError(f"SERVER_NAME must be like com.example/exec-mcp, not {text!r}")
    return text


def machine() -> str:
    """The processor in the names of files, as `uname -m` has it on Linux. The .deb has Debian's own word for it."""
    name = platform.machine().lower()
    return MACHINES.get(name, name)


def source_epoch() -> int:
    """The time that packages bear: SOURCE_DATE_EPOCH, else that of the commit. The same input makes the same bytes."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        command = ["git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        text = run.stdout.strip() if run.returncode == 0 else "0"
    return int(text)


def shipped(directory: Path) -> Iterator[Path]:
    """The files below a directory, without what tools leave there."""
    for path in sorted(directory.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(directory).parts)
        if path.is_file() and not hidden:
            yield path


def version_of(program: Path) -> str:
    run = subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True, timeout=60)
    return run.stdout.split()[-1]


@dataclass(frozen=True)
class Component:
    """Third-party code that the programs contain."""

    name: str
    version: str
    license: str
    license_file: Path
    origin: str  # type, namespace and name of a package URL, and its version if that is written otherwise


def components(programs: Path) -> list[Component]:
    rows = [line.split("\t") for line in (programs / "components.tsv").read_text().splitlines()]
    return [Component(name, version, license, programs / file, origin) for name, version, license, file, origin in rows]


def license_expression(programs: Path) -> str:
    """The licenses whose terms hold for the programs: this project's, and those of the code that is linked in."""
    linked = {part.license for part in components(programs) if not part.license.endswith(RUNTIME_EXCEPTIONS)}
    return " AND ".join([LICENSE, *sorted(linked - {LICENSE})])


def install(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def write(text: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o644)


def lay_out(programs: Path, prefix: Path) -> None:
    """Installs below a prefix, as `make install` does, with the manual pages."""
    date = time.strftime("%Y-%m-%d", time.gmtime(source_epoch()))
    for name in PROGRAMS:
        install(programs / name, prefix / "bin" / name, 0o755)
        write(manual_page(programs / name, date), prefix / "share" / "man" / "man1" / f"{name}.1")
    for directory in ("skills", "tools"):
        for path in shipped(REPOSITORY / directory):
            install(path, prefix / "share" / "exec-mcp" / path.relative_to(REPOSITORY))


def copy_licenses(programs: Path, directory: Path) -> None:
    install(REPOSITORY / "LICENSE", directory / "LICENSE")
    for component in components(programs):
        install(component.license_file, directory / component.license_file.name)


def reset_times(directory: Path) -> None:
    """Gives everything below a directory the time of the release."""
    for path in [*directory.rglob("*"), directory]:
        os.utime(path, (source_epoch(), source_epoch()), follow_symlinks=False)
