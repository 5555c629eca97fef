"""The processes that hold sandboxes whose server has ended, and what they keep."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from . import engine


def holders(user: str) -> list[int]:
    """The processes that hold sandboxes of a user."""
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0") if place.name.isdigit() else []
            if b"hold-sandbox" in words and any(f"mcp-executor-{user}-".encode() in word for word in words):
                found.append(int(place.name))
    return found


def only_holder(user: str) -> int:
    """The one process that holds sandboxes of a user, once it has been started and the one before it has ended."""
    assert engine.poll(lambda: len(holders(user)) == 1) is not None, holders(user)
    return holders(user)[0]


def directory() -> Path:
    """Where sockets and marks are."""
    own = Path(f"/run/user/{os.geteuid()}/exec-mcp")
    return own if own.exists() else Path(f"/tmp/exec-mcp-{os.geteuid()}")


def listening_sockets(process: int) -> list[Path]:
    """The paths at which a process waits for connections."""
    places = []
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            places.append(os.readlink(descriptor))
    found = []
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        # Of a listening socket with a path: number, references, protocol, flags, type, state, inode, path.
        words = line.split(maxsplit=7)
        if len(words) == 8 and int(words[3], 16) == 0x10000 and f"socket:[{words[6]}]" in places:
            # A holder's was bound under a name with a dot before it, which the system still gives.
            found.append(Path(words[7]).with_name(Path(words[7]).name.removeprefix(".")))
    return found


def marks(user: str) -> list[str]:
    """The marks of a user's sandboxes."""
    return [place.name for place in directory().iterdir() if f"-{user}-" in place.name]


def assert_nothing_left(user: str) -> None:
    """Waits until a user has neither a container nor a holder."""
    engine.wait_until_gone(user)
    assert engine.poll(lambda: not holders(user)) is not None


def end_all(user: str) -> None:
    """Kills the holders of a user, which ends what they hold."""

    def is_gone() -> bool:
        # Whoever has only just been started may have no command line yet.
        for holder in holders(user):
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder, signal.SIGKILL)
        return not engine.containers(user)

    assert engine.poll(is_gone) is not None, engine.containers(user)
    assert_nothing_left(user)
