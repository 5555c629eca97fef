#!/usr/bin/env python3
"""A guest that does not play by the rules: what code would say that got at a sandbox's channel.

    hostile_guest.py FILE

FILE holds the name of a behaviour, which is a function below; it is removed when it has been read. The channel
is that of `guest/frames.py`.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

HELLO, CALL, DATA, END, RESULT, FAILURE, CANCEL, LOG, PROGRESS, ARTIFACTS, WINDOW = range(1, 12)
GUEST_CALL = 1 << 31
GREETING = {"protocol": 1, "python": "3.12.0", "shell": True, "unwritable": []}
DONE = {"exit_code": 0}
HEADER = struct.Struct(">IBI")
MOST, LEAST = 2**63 - 1, -(2**63)
IMPOSSIBLE: list[dict[str, Any]] = [
    {"first": MOST, "lines": 1, "next": 5},
    {"lines": MOST, "next": MOST, "line_cut_at": MOST},
    {"first": LEAST, "lines": -1, "next": LEAST},
    {"lines": 1, "not_utf8": {"bytes": LEAST, "line": MOST, "perhaps": ["; id"]}},
    {"media_type": "image/png", "unscaled": LEAST},
    {"path": "/x", "bytes": LEAST},
    {"exit_code": MOST, "artifacts": [{"name": "a", "size": MOST, "modified": LEAST}]},
]


def receive(count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = os.read(0, count - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def say(kind: int, call: int, payload: Any = b"") -> None:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    write(HEADER.pack(len(body), kind, call) + body)


def next_call() -> int:
    while True:
        length, kind, call = HEADER.unpack(receive(HEADER.size))
        receive(length)
        if kind == CALL:
            return call


def window_of(number: int) -> None:
    """Waits until the server accepts data of a call that the guest has started."""
    while True:
        length, kind, call = HEADER.unpack(receive(HEADER.size))
        receive(length)
        if (kind, call) == (WINDOW, number):
            return


def wait_for_end() -> None:
    while True:
        receive(1)


# Behaviours: each is given the id of the first call.


def announces_four_gigabytes(call: int) -> None:
    write(HEADER.pack(0xFFFFFFFF, RESULT, call))
    while True:
        write(b"x" * 65536)


def sends_an_unknown_kind(call: int) -> None:
    say(99, call)


def says_hello_twice(call: int) -> None:
    say(HELLO, 0, GREETING)


def sends_what_is_not_json(call: int) -> None:
    say(RESULT, call, b'{"exit_code":')


def sends_what_nests_too_deep(call: int) -> None:
    say(RESULT, call, b"[" * 500_000 + b"]" * 500_000)


def answers_the_calls_of_others(call: int) -> None:
    for forged in range(call + 1, call + 1000):
        say(RESULT, forged, DONE)


def answers_twice(call: int) -> None:
    say(RESULT, call, DONE)
    say(RESULT, call, DONE)


def sends_data_for_another_call(call: int) -> None:
    say(DATA, call + 1, b"\0forged")


def sends_data_of_no_stream(call: int) -> None:
    say(DATA, call, b"\7odd")


def floods_with_data(call: int) -> None:
    while True:
        say(DATA, call, b"\0" + b"x" * 65536)


def floods_with_empty_data(call: int) -> None:
    while True:
        write((HEADER.pack(0, DATA, call)) * 10_000)


def floods_with_progress(call: int) -> None:
    while True:
        say(PROGRESS, call, b"and on")


def floods_with_artifacts(call: int) -> None:
    while True:
        say(ARTIFACTS, 0, {"added": ["a.txt"], "modified": [], "removed": [], "more": False})


def tells_of_artifacts_elsewhere(call: int) -> None:
    say(ARTIFACTS, 0, {"added": ["../../etc/passwd"], "modified": [], "removed": [], "more": False})


def floods_the_log(call: int) -> None:
    while True:
        say(LOG, 0, b"\x1b[2J\x1b]0;owned\x07 and on " + b"x" * 5000)


def floods_with_calls(call: int) -> None:
    number = GUEST_CALL
    while True:
        say(CALL, number, {"method": "execute", "params": {"command": "id"}})
        number = GUEST_CALL | (number + 1)


def calls_with_an_id_of_the_servers(call: int) -> None:
    say(CALL, call, {"method": "execute", "params": {"command": "id"}})


def cancels_the_servers_call(call: int) -> None:
    say(CANCEL, call)


def opens_the_bridge(call: int, command: object = None, number: int = GUEST_CALL) -> None:
    say(CALL, number, {"method": "bridge", "params": {"command": command}})


def opens_the_bridge_for_no_command(call: int) -> None:
    opens_the_bridge(call, "1")
    wait_for_end()


def opens_the_bridge_without_end(call: int) -> None:
    for number in range(1000):
        opens_the_bridge(call, None, GUEST_CALL + number)
    wait_for_end()


def floods_the_bridge(call: int) -> None:
    opens_the_bridge(call)
    while True:
        say(DATA, GUEST_CALL, b"\0" + b"x" * 65536)


def answers_for_the_bridge(call: int) -> None:
    opens_the_bridge(call)
    say(RESULT, GUEST_CALL, DONE)
    wait_for_end()


def calls_tools_for_other_commands(call: int) -> None:
    """Names commands that are not its own, and calls a tool for each. Then it goes on as an honest guest does."""
    line = json.dumps({"id": 1, "method": "call", "params": {"tool": "fixture__echo", "arguments": {"text": "x"}}})
    for command in range(100, 120):
        opens_the_bridge(call, command, GUEST_CALL + command)
        window_of(GUEST_CALL + command)
        say(DATA, GUEST_CALL + command, b"\0" + line.encode() + b"\n")
    say(RESULT, call, {})
    say(RESULT, next_call(), DONE)
    wait_for_end()


def answers_without_an_exit_code(call: int) -> None:
    say(RESULT, call, {"exit_code": "0", "artifacts": 7})


def answers_with_a_number_beyond_all_bounds(call: int) -> None:
    say(RESULT, call, b'{"exit_code":1e999999}')


def counts_what_cannot_be(call: int) -> None:
    """Answers one call after the other with numbers that no file has, four calls with the same."""
    for answer in IMPOSSIBLE:
        for _ in range(4):
            say(RESULT, call, answer)
            call = next_call()


def closes_its_output(call: int) -> None:
    os.close(1)
    wait_for_end()


def ends_at_once(call: int) -> None:
    sys.exit(3)


def links_artifacts_elsewhere(call: int) -> None:
    names = ["../../etc/passwd", "/etc/passwd", ".hidden", "a/b", "", "..", "a\0b", "good.txt"]
    say(RESULT, call, {"exit_code": 0, "artifacts": [{"name": name, "size": 1} for name in names]})


def never_answers(call: int) -> None:
    wait_for_end()


def sends_half_a_frame(call: int) -> None:
    write(HEADER.pack(1000, RESULT, call) + b"{")
    wait_for_end()


def never_reads(call: int) -> None:
    while True:
        time.sleep(60)


def main() -> None:
    file = Path(sys.argv[1])
    behaviour = globals()[file.read_text().strip()]
    file.unlink()
    while receive(1) != b"\n":  # the bootstrap, for a Python that is not here
        pass
    receive(int.from_bytes(receive(4), "big"))
    say(HELLO, 0, GREETING)
    behaviour(next_call())


if __name__ == "__main__":
    main()
