"""Scales pictures down in a separate process, which has resource limits and ends with the call."""

import json
import os
import select
import signal
import sys
import time

from guest import picture_scaler

_SECONDS = 45.0
_HEAD_ROOM = 4096
_READ_SIZE = 256 * 1024


def scale_down(file, limit, side):
    """Scales the picture in `file` down to at most `limit` bytes and at most `side` pixels per side.

    Returns (outcome, bytes). The outcome has `type`, `from`, `to` and `animated`; or `missing` if the sandbox's image
    has no Pillow; or `error` with the reason for a failure.
    """
    file.seek(0)
    source, sink = os.pipe()
    null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    child = None
    try:
        try:
            child = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-X", "utf8", "-c", picture_scaler.__source__, str(limit), str(side)],
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, file.fileno(), 0),
                    (os.POSIX_SPAWN_DUP2, sink, 1),
                    (os.POSIX_SPAWN_DUP2, null, 2),
                ],
                setsigmask=(),
                setsigdef=(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD),
            )
        finally:
            os.close(sink)
            os.close(null)
        return _outcome(_read(source, limit + _HEAD_ROOM))
    finally:
        # Always, including when SIGTERM unwinds the call.
        os.close(source)
        if child is not None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _read(source, room):
    """Reads until the end, but stops once there are more than `room` bytes; returns None on timeout."""
    deadline = time.monotonic() + _SECONDS
    poll = select.poll()
    poll.register(source, select.POLLIN)
    data = bytearray()
    while len(data) <= room:
        if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
            return None
        piece = os.read(source, _READ_SIZE)
        if not piece:
            break
        data += piece
    return data


def _outcome(answer):
    if answer is None:
        return {"error": f"it took longer than {_SECONDS:g} seconds"}, b""
    head, _, data = bytes(answer).partition(b"\n")
    try:
        return json.loads(head), data
    except ValueError:
        return {"error": "the scaling process was killed, perhaps for lack of memory"}, b""
