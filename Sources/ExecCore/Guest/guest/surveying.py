"""The child of the guest that counts what a persistent workspace holds: counting walks the tree, which may take long.

The guest pokes it while there is work. For a second after each poke it keeps an eye on the disk's free space and free
inodes, which is cheap, and counts when as much as half of the room may have been taken, and now and then anyway.
"""

import os
import select
import struct
import time

from guest import counting, system

PLACES = ("/workspace", "/artifacts")

# What the guest sends: there is work; count now.
POKE, ASK = b"!", b"?"

# What it hears: a kind, what is held, what the disk has free besides, when the count began, and a text.
REPORT = struct.Struct(">BQQd")
ALIVE = 1
COUNTED = 2
# All is stopped, and everything is counted, or everything but what is held where nobody can look.
COUNTED_ALL = 3
COUNTED_BLINDLY = 4
# It could not be counted; or more may be taken meanwhile than there is room for.
FAILED = 5
MESSAGE_SIZE = 4096

_ALERT_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_ALIVE_SECONDS = 0.25
# A count is due this often, or this many times its own duration apart, whichever is longer.
_COUNT_SECONDS = 2.0
_COUNT_SHARE = 10
# How long what was stopped may take to stand still.
_STILL_SECONDS = 1.0


class _Hurry(Exception):
    """The disk loses more, during a count, than there is room for."""


def live(guest_socket, limit, used, own_processes):
    """The child's whole life. Never returns.

    `used`: what was there at the last count. With `own_processes` all others are stopped, and it begins with a thorough
    count.
    """
    try:
        os.closerange(3, guest_socket.fileno())
        os.closerange(guest_socket.fileno() + 1, 1 << 16)
        system.take_name("sandbox-monitor")
        _Surveying(guest_socket, limit, used).run(own_processes)
    except BaseException:  # noqa: B036
        pass
    finally:
        os._exit(0)


class _Surveying:
    def __init__(self, guest_socket, limit, used):
        self._socket = guest_socket
        self._limit = limit
        self._used = used
        self._free = _free()
        self._alive_at = self._looked_at = 0.0
        self._next_count = 0.0

    def run(self, own_processes=None):
        if own_processes is None:
            self._count()
        else:
            self._count_all(own_processes)
        alert_until = 0.0
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while True:
            is_alert = time.monotonic() < alert_until
            if poll.poll(_LOOK_SECONDS * 1000 if is_alert else None):
                heard = self._socket.recv(MESSAGE_SIZE)
                if not heard:
                    return
                if heard == ASK:
                    self._next_count = 0.0
                self._say(ALIVE, time.monotonic())
                alert_until = time.monotonic() + _ALERT_SECONDS
                if is_alert:
                    time.sleep(_LOOK_SECONDS)
            if time.monotonic() >= self._next_count or taken_since(self._free) > self._room // 2:
                self._count()

    @property
    def _room(self):
        return max(self._limit - self._used, self._limit // 16)

    def _count(self):
        began = time.monotonic()
        self._free = _free()
        count = counting.Count(PLACES, self._tick)
        try:
            count.count_tree()
            count.count_held(is_thorough=False)
        except _Hurry:
            self._say(FAILED, began)
        except (counting.Uncountable, OSError, MemoryError, ValueError) as error:
            self._say(FAILED, began, str(error) or type(error).__name__)
        else:
            self._used = count.bytes
            self._say(COUNTED, began)
        self._plan(began)

    def _count_all(self, own_processes):
        """Counts while all other processes are stopped."""
        began = time.monotonic()
        count = counting.Count(PLACES, self._say_alive, own_processes)
        try:
            self._wait_until_still(began)
            count.count_tree()
            count.count_held(is_thorough=True)
            self._wait_until_still(time.monotonic())
        except (counting.Uncountable, OSError, MemoryError, ValueError) as error:
            self._say(FAILED, began, str(error) or type(error).__name__)
        else:
            self._used = count.bytes
            self._free = _free()
            self._say(COUNTED_BLINDLY if count.is_blind else COUNTED_ALL, began)
        self._plan(began)

    def _wait_until_still(self, began):
        while running := counting.running_processes():
            if time.monotonic() > began + _STILL_SECONDS:
                raise counting.Uncountable(f"process {running[0]} cannot be stopped")
            time.sleep(_LOOK_SECONDS / 5)

    def _plan(self, began):
        now = time.monotonic()
        self._next_count = now + max(_COUNT_SECONDS, _COUNT_SHARE * (now - began))

    def _tick(self):
        now = time.monotonic()
        if now > self._looked_at + _LOOK_SECONDS:
            self._looked_at = now
            self._say_alive()
            if taken_since(self._free) > self._room:
                raise _Hurry

    def _say_alive(self):
        now = time.monotonic()
        if now > self._alive_at + _ALIVE_SECONDS:
            self._say(ALIVE, now)

    def _say(self, kind, began, text=""):
        self._alive_at = time.monotonic()
        report = REPORT.pack(kind, self._used, self._free[0], began)
        self._socket.sendall(report + text.encode("utf-8", "replace")[: MESSAGE_SIZE - len(report)])


def _free():
    """The bytes and the inodes that the disk has left."""
    try:
        status = os.statvfs(PLACES[0])
    except OSError:
        return 0, 0
    return status.f_bavail * status.f_frsize, status.f_favail


def taken_since(before):
    """At least half of what new files may count for since then: each takes bytes, an inode, or both."""
    taken_bytes, taken_inodes = (was - now for was, now in zip(before, _free()))
    return max(taken_bytes, taken_inodes * counting.LEAST_FILE)
