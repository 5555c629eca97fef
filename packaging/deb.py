#!/usr/bin/env python3
"""Makes the package for Debian and Ubuntu, of the programs that packaging/portable/link.sh has linked.

Its maintainer is DEBFULLNAME and DEBEMAIL, as Debian's own tools have it, else the author of the last commit.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from release_files import (
    PROGRAMS,
    REPOSITORY,
    argument_parser,
    components,
    install,
    lay_out,
    reset_times,
    source_epoch,
    version_of,
    write,
)
from sbom import bill_of_materials

DEBIAN = REPOSITORY / "packaging" / "debian"


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def maintainer() -> str:
    author = output("git", "-C", str(REPOSITORY), "log", "-1", "--format=%an\n%ae").split("\n")
    name, address = os.environ.get("DEBFULLNAME") or author[0], os.environ.get("DEBEMAIL") or author[1]
    if not re.fullmatch(r"[^<>\n]+", name) or not re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", address):
        raise SystemExit(f"error: {name!r} <{address}> cannot be a maintainer: set DEBFULLNAME and DEBEMAIL")
    return f"{name} <{address}>"


def compress(text: str | bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode() if isinstance(text, str) else text
    # Without a name and a time in it, so that the same text makes the same bytes.
    target.write_bytes(gzip.compress(content, 9, mtime=0))
    target.chmod(0o644)


def changelog(version: str, who: str) -> str:
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(source_epoch()))
    upstream = version.rpartition("-")[0]
    return f"exec-mcp ({version}) unstable; urgency=medium\n\n  * Version {upstream}.\n\n -- {who}  {date}\n"


def copyright_file(programs: Path) -> str:
    """Machine-readable, as Debian's copyright format 1.0 has it."""
    text = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Upstream-Name: exec-mcp",
        "",
        "Files: *",
        f"Copyright: {time.gmtime(source_epoch()).tm_year} The exec-mcp authors",
        "License: Apache-2.0",
        " On Debian systems, the text of the license is in /usr/share/common-licenses/Apache-2.0.",
        "Comment: The programs contain, linked statically:",
    ]
    for part in components(programs):
        text.append(f" {part.name} {part.version}: {part.license}, see licenses/{part.license_file.name}")
    return "\n".join(text) + "\n"


def lay_out_package(programs: Path, tree: Path, version: str, who: str) -> None:
    usr, documents = tree / "usr", tree / "usr/share/doc/exec-mcp"
    lay_out(programs, usr)
    for name in PROGRAMS:
        page = usr / "share/man/man1" / f"{name}.1"
        compress(page.read_bytes(), page.with_name(f"{name}.1.gz"))
        page.unlink()
    for component in components(programs):
        install(component.license_file, documents / "licenses" / component.license_file.name)
    write(copyright_file(programs), documents / "copyright")
    write(bill_of_materials(programs), documents / "exec-mcp.spdx.json")
    compress((REPOSITORY / "CHANGELOG.md").read_bytes(), documents / "changelog.gz")
    compress(changelog(version, who), documents / "changelog.Debian.gz")
    install(DEBIAN / "lintian-overrides", tree / "usr/share/lintian/overrides/exec-mcp")


def write_control(tree: Path, values: dict[str, str]) -> None:
    text = (DEBIAN / "control").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    write(text, tree / "DEBIAN" / "control")
    files = sorted(path for path in (tree / "usr").rglob("*") if path.is_file())
    lines = output("md5sum", *map(str, files)).replace(f"{tree}/", "")
    write(lines + "\n", tree / "DEBIAN" / "md5sums")


def main() -> None:
    arguments = argument_parser("Makes the .deb.").parse_args()
    programs = arguments.programs.resolve()
    who = maintainer()
    version = f"{version_of(programs / 'exec-mcp')}-1"
    architecture = output("dpkg", "--print-architecture")
    arguments.output.mkdir(parents=True, exist_ok=True)
    made = arguments.output / f"exec-mcp_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "exec-mcp"
        lay_out_package(programs, tree, version, who)
        size = sum(-(-path.stat().st_size // 1024) for path in tree.rglob("*") if path.is_file())
        values = {"VERSION": version, "ARCHITECTURE": architecture, "MAINTAINER": who, "SIZE": str(size)}
        write_control(tree, values)
        for directory in [tree, *(path for path in tree.rglob("*") if path.is_dir())]:
            directory.chmod(0o755)
        reset_times(tree)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(source_epoch())}
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(tree), str(made)]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    print(f"Made {made} ({made.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
