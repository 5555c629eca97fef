#!/usr/bin/env python3
"""Prints the configuration that gives an MCP host this server: a file of hosts/ with the program's real path in it."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

HOSTS = Path(__file__).resolve().parent / "hosts"
# What the files say in place of the program's path. JSON, TOML and YAML quote a string alike.
PLACEHOLDER = "/usr/local/bin/exec-mcp"


def hosts() -> list[str]:
    """The names of the hosts."""
    return sorted({file.stem for file in HOSTS.iterdir() if not file.name.startswith(".")})


def render(host: str, program: str) -> str:
    """The text to paste. Where there is a command line for it as well, that comes first."""
    parts = []
    for file in sorted(HOSTS.glob(f"{host}.*"), key=lambda file: file.suffix != ".sh"):
        text = file.read_text()
        if file.suffix == ".sh":
            parts.append(text.replace(PLACEHOLDER, shlex.quote(program)))
        else:
            parts.append(text.replace(json.dumps(PLACEHOLDER), json.dumps(program, ensure_ascii=False)))
    return "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="Prints the configuration that gives an MCP host this server.")
    parser.add_argument("host", nargs="?", choices=hosts(), help="which host; left out: list them")
    parser.add_argument("--program", default=PLACEHOLDER, help="absolute path of exec-mcp")
    options = parser.parse_args()
    if options.host:
        print(render(options.host, options.program), end="")
    else:
        print("\n".join(hosts()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
