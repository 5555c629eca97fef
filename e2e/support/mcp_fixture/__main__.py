"""An MCP server for tests, run as `python3 …/mcp_fixture OPTIONS`: speaks both eras, and does on demand what servers do
at their worst. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from protocol import Protocol  # noqa: E402
from tools import Tools  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="mcp_fixture", description=__doc__)
    parser.add_argument("--era", choices=("both", "legacy", "modern"), default="both")
    parser.add_argument("--name", default="fixture", help="what it calls itself")
    parser.add_argument("--journal", type=Path, help="a file that gets a line of JSON for all that happens")
    parser.add_argument("--tools", type=int, default=0, metavar="N", help="N more tools, called tool_1 …")
    parser.add_argument("--only", action="append", metavar="TOOL", help="only this tool; repeatable")
    parser.add_argument("--odd", action="store_true", help="tools with odd names and hostile descriptions")
    parser.add_argument("--elicit", action="store_true", help="a tool that asks the user what it is told to")
    parser.add_argument("--page-size", type=int, default=0, metavar="N", help="lists in pages of N entries")
    parser.add_argument(
        "--start-delay", type=float, default=0, metavar="SECONDS", help="says nothing for a while first"
    )
    parser.add_argument(
        "--start-after", type=int, default=0, metavar="N", help="says nothing before N servers have begun their journal"
    )
    parser.add_argument("--die-at-start", type=int, metavar="STATUS", help="says why on standard error and exits")
    parser.add_argument("--die-once", type=Path, metavar="FILE", help="exits at once if FILE is missing, and makes it")
    parser.add_argument("--silent", action="store_true", help="answers nothing at all")
    parser.add_argument("--noise", action="store_true", help="prints what is no message between its messages")
    parser.add_argument("--flood", type=int, default=0, metavar="BYTES", help="writes BYTES to standard error first")
    parser.add_argument("--deaf", action="store_true", help="ignores SIGTERM and the end of its input")
    parser.add_argument("--version", default="1.0", help="its version")
    options = parser.parse_args()

    journal = Journal(options.journal)
    journal.note("start", pid=os.getpid(), ppid=os.getppid(), argv=sys.argv[1:], environment=sorted(os.environ))
    if options.flood:
        sys.stderr.write("flood of words\n" * (options.flood // 15))
        sys.stderr.flush()
    if options.die_once and not options.die_once.exists():
        options.die_once.write_text("died")
        sys.exit("mcp_fixture: not this time")
    if options.die_at_start is not None:
        print("mcp_fixture: cannot start: no such database", file=sys.stderr)
        sys.exit(options.die_at_start)
    time.sleep(options.start_delay)
    while options.journal and options.journal.read_bytes().count(b'{"what": "start"') < options.start_after:
        time.sleep(0.02)

    protocol = Protocol(options, Tools(options), journal)
    if options.noise:
        protocol.write_noise()
    if options.deaf:
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        if options.silent:
            journal.note("ignored", line=line.decode("utf-8", "replace"))
            continue
        protocol.take(line)
    journal.note("end of input")
    while options.deaf:
        time.sleep(3600)
    # Threads of calls that nobody waits for must not keep it alive.
    os._exit(0)


class Journal:
    """What has happened, one line of JSON each; a test reads it from outside."""

    def __init__(self, path: Path | None) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if path else None

    def note(self, what: str, **facts: object) -> None:
        if self._file is not None:
            line = json.dumps({"what": what, "time": time.time(), "process": os.getpid(), **facts})
            os.write(self._file, line.encode() + b"\n")


if __name__ == "__main__":
    main()
