#!/usr/bin/env python3
"""Makes the archive for systems without a package of their own, of the programs that packaging/portable/link.sh has
linked, and the list of its components beside it.

It is unpacked into a prefix: `tar -xf exec-mcp-….tar.gz --strip-components=1 -C ~/.local`.
"""

from __future__ import annotations

import gzip
import tarfile
import tempfile
from pathlib import Path

from release_files import (
    REPOSITORY,
    argument_parser,
    copy_licenses,
    install,
    lay_out,
    machine,
    source_epoch,
    version_of,
    write,
)
from sbom import bill_of_materials


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Removes the owner and the time of a copied file, so that the same input makes the same bytes."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = source_epoch()
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def write_archive(path: Path, tree: Path) -> None:
    # tarfile adds a directory's contents in the order of their names.
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        archive.add(tree, tree.name, filter=anonymous)


def main() -> None:
    arguments = argument_parser("Makes the tarball and the list of components.").parse_args()
    programs = arguments.programs.resolve()
    name = f"exec-mcp-{version_of(programs / 'exec-mcp')}-linux-{machine()}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / name
        lay_out(programs, tree)
        documents = tree / "share/doc/exec-mcp"
        copy_licenses(programs, documents / "licenses")
        install(REPOSITORY / "CHANGELOG.md", documents / "CHANGELOG.md")
        write(bill_of_materials(programs), documents / "exec-mcp.spdx.json")
        archive = arguments.output / f"{name}.tar.gz"
        write_archive(archive, tree)
    components = arguments.output / f"{name}.spdx.json"
    write(bill_of_materials(programs), components)
    for path in (archive, components):
        print(f"Made {path} ({path.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
