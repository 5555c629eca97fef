#!/usr/bin/env python3
"""Makes the bundle for MCP hosts (.mcpb) and the registry's server.json of a built exec-mcp.

The same program and files make the same bytes: entries are sorted and bear the time in SOURCE_DATE_EPOCH, else that of
the commit. Needs nothing but Python's standard library.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import shutil
import stat
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from manifest import bundle_manifest, registry_entry
from program import Program
from release_files import REPOSITORY, machine, server_name, shipped, source_epoch

# Where a ZIP archive's calendar begins.
EARLIEST = 315532800


def stripped(program: Path) -> bytes:
    """The program without its symbols, which are half of it."""
    if not shutil.which("strip"):
        return program.read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / program.name
        shutil.copy(program, copy)
        subprocess.run(["strip", str(copy)], check=True)
        return copy.read_bytes()


def contents(program: Path, manifest: dict) -> dict[str, bytes]:
    """What is in the bundle, by name. The program finds its skills and tools beside itself."""
    files = {
        "manifest.json": json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n",
        "icon.png": (REPOSITORY / "packaging" / "icon.png").read_bytes(),
        "README.md": (REPOSITORY / "packaging" / "README.md").read_bytes(),
        "LICENSE": (REPOSITORY / "LICENSE").read_bytes(),
        "server/exec-mcp": stripped(program),
    }
    for name in ("skills", "tools"):
        for path in shipped(REPOSITORY / name):
            files[f"server/{path.relative_to(REPOSITORY).as_posix()}"] = path.read_bytes()
    return files


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    moment = time.gmtime(max(EARLIEST, source_epoch()))[:6]
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files, key=lambda name: (name != "manifest.json", name)):
            entry = zipfile.ZipInfo(name, moment)
            entry.create_system = 3  # Unix: the mode is in the upper half of the attributes
            mode = 0o755 if name == "server/exec-mcp" else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the .mcpb bundle and server.json.")
    parser.add_argument("--program", type=Path, required=True, help="the built exec-mcp")
    parser.add_argument("--output", type=Path, required=True, help="directory to write to")
    parser.add_argument("--release-url", default="", help="URL to download the bundle from, without its file name")
    parser.add_argument("--server-name", type=server_name, default="", help="the server's name in the MCP registry")
    arguments = parser.parse_args()
    if arguments.release_url and not re.fullmatch(r"https://[^\s/]+(/\S*)?", arguments.release_url):
        parser.error(f"RELEASE_URL must be an https address, not {arguments.release_url!r}")

    program = Program(arguments.program)
    system = platform.system().lower()
    name = f"exec-mcp-{program.version}-{system}-{machine()}.mcpb"
    arguments.output.mkdir(parents=True, exist_ok=True)
    bundle = arguments.output / name
    write_archive(bundle, contents(arguments.program, bundle_manifest(program, system)))

    release = arguments.release_url or f"https://example.com/exec-mcp/releases/download/v{program.version}"
    entry = registry_entry(
        program,
        name=arguments.server_name or "com.example/exec-mcp",
        address=f"{release.rstrip('/')}/{name}",
        digest=hashlib.sha256(bundle.read_bytes()).hexdigest(),
    )
    registry = arguments.output / "server.json"
    registry.write_text(json.dumps(entry, indent=2, ensure_ascii=False) + "\n")
    for path in (bundle, registry):
        print(f"Made {path} ({path.stat().st_size:,} bytes)")
    if not arguments.release_url or not arguments.server_name:
        print("server.json names example.com: before you publish it, set RELEASE_URL and SERVER_NAME.")


if __name__ == "__main__":
    main()
