"""The disk monitor: a child of the guest that counts the disk usage of a persistent workspace. It is a process of its
own because walking the tree may take long.

The guest pokes it while there is work. For 1 s after each poke it polls the disk's free space and free inodes, which is
cheap. It counts when more than half of the remaining room may have been used, and periodically in any case.
"""

import os
import select
import struct
import time

from guest import counting, system

PLACES = ("/workspace", "/artifacts")

# Messages from the guest: there is work; count now.
POKE, ASK = b"!", b"?"

# Reports to the guest: the kind, the bytes used, the bytes free on the disk, when the count started, then a text.
REPORT = struct.Struct(">BQQd")
ALIVE = 1
COUNTED = 2
# Counted while all processes were stopped: everything, or everything except deleted files held where they can't be
# seen.
COUNTED_ALL = 3
COUNTED_BLINDLY = 4
# Counting failed, or more space may be used during the count than there is room for.
FAILED = 5
MESSAGE_SIZE = 4096

_ALERT_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_ALIVE_SECONDS = 0.25
# A count is due after this many seconds, or after this many times the duration of the last one, whichever is longer.
_COUNT_SECONDS = 2.0
_COUNT_SHARE = 10
# How long processes may take to stop after SIGSTOP.
_STILL_SECONDS = 1.0


class _Hurry(Exception):
    """During a count the disk loses more free space than there is room for."""


def live(guest_socket, limit, used, own_processes):
    """Runs the monitor in the child process. Never returns.

    `used`: the bytes found by the last count. With `own_processes`, all other processes are stopped, and it starts with
    a thorough count.
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
    """Returns the free bytes and free inodes of the disk."""
    try:
        status = os.statvfs(PLACES[0])
    except OSError:
        return 0, 0
    return status.f_bavail * status.f_frsize, status.f_favail


def taken_since(before):
    """Returns at least half of the bytes that files created since `before` may count for: each uses bytes, an inode or
    both.
    """
    taken_bytes, taken_inodes = (was - now for was, now in zip(before, _free()))
    return max(taken_bytes, taken_inodes * counting.LEAST_FILE)
