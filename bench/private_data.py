#!/usr/bin/env python3
"""Measures what replacing private values costs, with `--pii off` and `--pii all` side by side in one run.

    bench/private_data.py [--rounds N] [--size MB] [--json]

Each server gives a client the same text files; the rounds of the servers take turns. What counts is the processor time
of exec-mcp itself, so that a busy machine disturbs little. The rate of the filter is the size of the text by the time
that the server takes longer than the one with `off`. The cost of a small call is that of many, by their number.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from benchmarking.client import Client, Request, Tool, result
from support import engine
from support.stdio_client import server_binary

MODES = ("off", "all")
SMALL_CALLS = 100


def line_of_log(number: int) -> str:
    """A line that has numbers, and nobody's."""
    moment = 1_790_000_000 + number
    return (
        f"2026-11-30T10:{number % 60:02}:{number * 7 % 60:02}.{number % 1000:03}Z INFO worker-{number % 16} "
        f"request {number:08x} took {number * 37 % 9000} ms, {number * 131 % 100000} bytes, epoch {moment}\n"
    )


def prose(number: int) -> str:
    return "The quick brown fox jumps over the lazy dog, and telephones are mobile phones to most people by now.\n"


def sparse(number: int) -> str:
    """A log with a value about every kilobyte."""
    return f"user{number}@example{number % 97}.com signed in\n" if number % 10 == 0 else line_of_log(number)


def values(number: int) -> str:
    """A table of nothing but values, each another one."""
    phone, host = 1_000_000 + number % 8_999_999, number % 199 + 3
    return f"ann.{number}@shop{number % 977}.example.org,+49 30 {phone},10.{host}.7.9\n"


def known(number: int) -> str:
    """A table of nothing but values, of which there are few."""
    return values(number % 100)


TEXTS = {
    "a log without values": line_of_log,
    "prose": prose,
    "a log with a value per KB": sparse,
    "values alone, each another one": values,
    "values alone, few different ones": known,
}


def text(kind: str, size: int) -> str:
    lines, length, number = [], 0, 0
    while length < size:
        lines.append(TEXTS[kind](number))
        length += len(lines[-1])
        number += 1
    return "".join(lines)


def processor_seconds(client: Client) -> float:
    fields = Path(f"/proc/{client.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """One exec-mcp, with the files of all kinds in its user's workspace."""

    def __init__(self, mode: str, files: dict[str, str]) -> None:
        self.mode = mode
        self.user = f"bench-pii-{mode}-{random.randrange(1 << 32):08x}"
        arguments = ["--user", self.user, "--pii", mode, "--log-level", "error"]
        self.client = Client([server_binary(), *arguments])
        self.client.initialize()
        self._uris: dict[str, str] = {}
        for number, content in enumerate(files.values()):
            path = f"/artifacts/text{number}.txt"
            result(self.client.call(Tool("write_file", {"file_path": path, "content": content})))
        found = result(self.client.call(Request("resources/list", {})))["resources"]
        for number, kind in enumerate(files):
            self._uris[kind] = next(one["uri"] for one in found if one["uri"].endswith(f"text{number}.txt"))

    def read(self, kind: str) -> float:
        """The processor time of a file's way to the client, in seconds."""
        request = Request("resources/read", {"uri": self._uris[kind]})
        before = processor_seconds(self.client)
        line = self.client.call(request)
        taken = processor_seconds(self.client) - before
        assert b'"error"' not in line[:200], line[:300]
        return taken

    def small_call(self) -> float:
        """The processor time of a small call, in milliseconds."""
        request = Tool("execute_bash", {"command": "echo hello"})
        before = processor_seconds(self.client)
        for _ in range(SMALL_CALLS):
            result(self.client.call(request))
        return (processor_seconds(self.client) - before) / SMALL_CALLS * 1000

    def close(self) -> None:
        self.client.close()
        engine.remove_everything(self.user)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=16, help="megabytes of each text")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    size = options.size * 1_000_000
    files = {kind: text(kind, size) for kind in TEXTS}
    servers = {mode: Server(mode, files) for mode in MODES}
    samples: dict[str, dict[str, list[float]]] = {kind: {mode: [] for mode in MODES} for kind in [*TEXTS, "small"]}
    try:
        for _ in range(options.rounds):
            for kind in TEXTS:
                for mode, server in servers.items():
                    samples[kind][mode].append(server.read(kind))
            for mode, server in servers.items():
                samples["small"][mode].append(server.small_call())
    finally:
        for server in servers.values():
            server.close()
    report: dict[str, Any] = {}
    for kind in TEXTS:
        best = {mode: min(samples[kind][mode]) for mode in MODES}
        extra = best["all"] - best["off"]
        report[kind] = {
            **{f"{mode}_seconds": round(seconds, 3) for mode, seconds in best.items()},
            "filter_mb_per_second": round(options.size / extra) if extra > 0 else None,
        }
    report["small call, ms"] = {mode: round(statistics.median(samples["small"][mode]), 3) for mode in MODES}
    if options.json:
        print(json.dumps(report, indent=2))
        return 0
    print(f"{options.size} MB of text, best of {options.rounds}, seconds of exec-mcp's processor time")
    for kind, row in report.items():
        print(f"{kind:36}", "  ".join(f"{name} {value}" for name, value in row.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
