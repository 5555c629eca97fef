#!/usr/bin/env python3
"""Stands between the server and the engine's command line, where a log of a cluster's node or another client would be:
records what a sandbox writes, and tampers with a sealed channel.

    channel_tap.py DIRECTORY PROGRAM [ARGUMENT…]

What the sandbox writes is appended to `stdout` and `stderr` in DIRECTORY. If there is a file `tampering`, it has two
words: `in` or `out`, and a function below, which is called once, with the next record of that direction.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

LENGTH, TAG = 4, 16
# A frame that the guest sends, and one that the server sends: a sign of life.
PONG, PING = b"\0\0\0\0\x10\0\0\0\0", b"\0\0\0\0\x0f\0\0\0\0"


def flip_a_bit(record: bytes, _: bytes) -> bytes:
    middle = len(record) // 2
    return record[:middle] + bytes([record[middle] ^ 0x20]) + record[middle + 1 :]


def flip_a_bit_of_the_tag(record: bytes, _: bytes) -> bytes:
    return record[:-1] + bytes([record[-1] ^ 1])


def repeat(record: bytes, _: bytes) -> bytes:
    return record + record


def replay_the_one_before(record: bytes, before: bytes) -> bytes:
    return before + record


def replace_by_the_one_before(_: bytes, before: bytes) -> bytes:
    return before


def insert_an_unsealed_frame(record: bytes, _: bytes) -> bytes:
    return PONG + record


def insert_a_record(record: bytes, _: bytes) -> bytes:
    return LENGTH.to_bytes(LENGTH, "big") + os.urandom(LENGTH + TAG) + record


def insert_text(record: bytes, _: bytes) -> bytes:
    return b"warning: something\n" + record


def cut_off(record: bytes, _: bytes) -> None:
    """Passes on a half, and ends as if all were well."""
    os.write(1, record[: len(record) // 2])
    child.kill()
    os._exit(0)


def read(source: BinaryIO, count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise EOFError
    return data


def pass_on_records(direction: str, source: BinaryIO, sink: BinaryIO, record_to: BinaryIO | None = None) -> None:
    before = b""
    with contextlib.suppress(EOFError, BrokenPipeError):
        if direction == "in":
            sink.write(source.readline())
            size = read(source, LENGTH)
            sink.write(size + read(source, int.from_bytes(size, "big")))
            sink.flush()
        while True:
            head = read(source, LENGTH)
            record = head + read(source, int.from_bytes(head, "big") + TAG)
            if record_to:
                record_to.write(record)
            sink.write(tampered(direction, record, before))
            sink.flush()
            before = record
    sink.close()


def tampered(direction: str, record: bytes, before: bytes) -> bytes:
    try:
        where, how = (DIRECTORY / "tampering").read_text().split()
    except (FileNotFoundError, ValueError):
        return record
    # One frame at least has to have passed that can be repeated.
    if where != direction or not before:
        return record
    (DIRECTORY / "tampering").unlink()
    return globals()[how](record, before)


def pass_on(source: BinaryIO, sink: BinaryIO, record_to: BinaryIO) -> None:
    with contextlib.suppress(BrokenPipeError):
        while data := os.read(source.fileno(), 1 << 16):
            record_to.write(data)
            sink.write(data)
            sink.flush()
    sink.close()


def engine_with_tap(directory: Path, program: str, *, tampers: bool = False) -> Path:
    """Makes an engine's program that has a tap in front of `program`, with its files in `directory`."""
    path = directory / ("tampering-engine" if tampers else "tapped-engine")
    words = [sys.executable, __file__, *(["--records"] if tampers else []), str(directory), program]
    tap = " ".join(map(shlex.quote, words))
    path.write_text(f'#!/bin/sh\ncase " $* " in *" run "*) exec {tap} "$@";; esac\nexec {shlex.quote(program)} "$@"\n')
    path.chmod(0o755)
    return path


if __name__ == "__main__":
    arguments = sys.argv[1:]
    KNOWS_RECORDS = arguments[0] == "--records"
    DIRECTORY, *command = arguments[KNOWS_RECORDS:]
    DIRECTORY = Path(DIRECTORY)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if KNOWS_RECORDS else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out = open(DIRECTORY / "stdout", "ab", buffering=0)
    errors = open(DIRECTORY / "stderr", "ab", buffering=0)
    pumps = [threading.Thread(target=pass_on, args=(child.stderr, sys.stderr.buffer, errors))]
    if KNOWS_RECORDS:
        threading.Thread(target=pass_on_records, args=("in", sys.stdin.buffer, child.stdin), daemon=True).start()
        pumps.append(threading.Thread(target=pass_on_records, args=("out", child.stdout, sys.stdout.buffer, out)))
    else:
        pumps.append(threading.Thread(target=pass_on, args=(child.stdout, sys.stdout.buffer, out)))
    for pump in pumps:
        pump.start()
    status = child.wait()
    for pump in pumps:
        pump.join()
    # Not held up by a server that has not closed its end.
    os._exit(status if status >= 0 else 128 - status)
