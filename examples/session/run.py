#!/usr/bin/env python3
"""Sends the lines of session.jsonl to exec-mcp through a pipe, one after the other, and prints what goes over it.

A request is sent when the one before it has been answered, because later lines use what earlier ones wrote; the pipe is
closed when all answers are in, which ends the server. (Plain `exec-mcp < session.jsonl` would close it at once.)
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).resolve().parent
BINARY = HERE.parent.parent / ".build" / "release" / "exec-mcp"
WIDTH = 110
# A user of the session's own, and files that are gone afterwards.
OPTIONS = ["--user", "session", "--workspace", "ephemeral", "--log-level", "warning"]


def requests(file: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The session's lines, each as it stands and as a value."""
    for line in file.read_bytes().splitlines():
        if line.strip():
            yield line + b"\n", json.loads(line)


def readable(value: Any, indent: int = 2) -> str:
    """JSON text in which what fits a line stays on one."""
    text = json.dumps(value, ensure_ascii=False)
    if indent + len(text) <= WIDTH or not value or not isinstance(value, (dict, list)):
        return text
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        members = [f"{json.dumps(name)}: {readable(member, indent + 2)}" for name, member in value.items()]
        opening, closing = "{}"
    else:
        members = [readable(member, indent + 2) for member in value]
        opening, closing = "[]"
    return opening + "\n" + inner + f",\n{inner}".join(members) + "\n" + " " * indent + closing


def show(arrow: str, message: dict[str, Any]) -> None:
    """Prints a message."""
    print(arrow, readable(message), flush=True)


def answer_to(number: Any, output: BinaryIO) -> dict[str, Any]:
    """Reads on until the answer to this request."""
    for line in output:
        message = json.loads(line)
        show("<", message)
        if message.get("id") == number:
            return message
    raise BrokenPipeError


def run(binary: Path, session: Path) -> int:
    """Runs the session. Returns the server's exit status."""
    with subprocess.Popen([str(binary), *OPTIONS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        for line, message in requests(session):
            show(">", message)
            server.stdin.write(line)
            server.stdin.flush()
            if "id" in message:
                answer_to(message["id"], server.stdout)
            print()
    return server.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs plain JSON-RPC lines through exec-mcp, as one session.")
    parser.add_argument("session", nargs="?", type=Path, default=HERE / "session.jsonl")
    parser.add_argument("--binary", type=Path, default=BINARY)
    options = parser.parse_args()
    if not options.binary.exists():
        print(f"there is no server at {options.binary}: build it first (make build)", file=sys.stderr)
        return 1
    try:
        return run(options.binary, options.session)
    except BrokenPipeError:
        print("the server ended without an answer; its output is above", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
