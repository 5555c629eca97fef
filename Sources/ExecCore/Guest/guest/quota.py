"""Watching how much a persistent workspace holds, so that no command can fill the host's disk.

Counting means walking the tree, which may take long: a child of the guest does it. The guest pokes it while there is
work; for a second after each poke it keeps an eye on the disk's free space and free inodes, which is cheap, and counts
when as much as half of the room may have been taken, and now and then anyway.
"""

import os
import select
import socket
import struct
import time

from guest import system

PLACES = ("/workspace", "/artifacts")

POKE_SECONDS = 0.25
# How long the end of a command waits for a count.
PATIENCE_SECONDS = 10.0
# No single file gets further than this beyond the limit, however late it is noticed.
MARGIN = 1 << 30

# The bytes, and when the counting began.
_REPORT = struct.Struct(">Qd")
_ALERT_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_SETTLE_SECONDS = 3.0
# A count is due this often, or this many times its own duration apart, whichever is longer.
_COUNT_SECONDS = 2.0
_COUNT_SHARE = 10
# An empty file takes room too: an inode and a name.
_LEAST_FILE = 4096
# What the guest sends: there is work; count now.
_POKE, _ASK = b"!", b"?"


def count(places=PLACES):
    """The bytes that the places take on disk. Links to one file count once."""
    total = 0
    seen = set()
    waiting = list(places)
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                except OSError:
                    continue
                if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                    if status.st_ino in seen:
                        continue
                    seen.add(status.st_ino)
                total += max(status.st_blocks * 512, _LEAST_FILE)
    return total


def note(surveyor, what):
    """What a result says of the limit; `what` it did."""
    return (
        f"{what}: {' and '.join(PLACES)} hold {surveyor.used} bytes, more than the workspace limit of "
        f"{surveyor.limit}. Delete what is not needed.\n"
    )


class Surveyor:
    """The guest's side: pokes the child that counts, and hears from it."""

    def __init__(self, limit):
        self.limit = limit
        self.used = 0
        # When the count began that said so.
        self.counted_at = 0.0
        self.pid = None
        self.socket = None
        self._allowed = limit
        # What is there at the start is nobody's doing.
        self._settled = 0.0
        self._next_poke = 0.0

    def start(self):
        try:
            self.socket, theirs = socket.socketpair()
        except OSError:
            # There are no descriptors for it: the next poke tries again.
            self.socket = None
            return
        try:
            self.pid = os.fork()
        except OSError:
            self.socket.close()
            self.socket = None
        else:
            if self.pid == 0:
                _live(theirs, self.limit)
            self.socket.setblocking(False)
        finally:
            theirs.close()

    def poke(self):
        """Says that there is work. Returns whether the child had to be started for that."""
        now = time.monotonic()
        if now < self._next_poke:
            return False
        self._next_poke = now + POKE_SECONDS
        is_new = self.socket is None
        if is_new:
            self.start()
        try:
            if self.socket is not None:
                self.socket.send(_POKE)
        except OSError:
            # It still has pokes to read, or is dead, which its end as a process says.
            pass
        return is_new and self.socket is not None

    @property
    def is_full(self):
        """Whether there is more than there may be."""
        return self.used > self.limit

    def ask(self):
        """Asks for a count that begins from now on."""
        try:
            if self.socket is not None:
                self.socket.send(_ASK)
        except OSError:
            pass

    def hear(self):
        """Takes the newest count. Returns whether there is more than there may be, and more than before."""
        try:
            data = self.socket.recv(4096)
        except OSError:
            return False
        if len(data) < _REPORT.size:
            return False
        newest = data[len(data) // _REPORT.size * _REPORT.size - _REPORT.size :][: _REPORT.size]
        self.used, self.counted_at = _REPORT.unpack(newest)
        if not self.is_full:
            self._allowed, self._settled = self.limit, None
            return False
        # Whoever deletes files must not be stopped for what was there before.
        is_over = self.used > self._allowed
        self._allowed = max(self._allowed, self.used)
        if self._settled is not None:
            # What a command that was stopped has written until its end is not the next one's doing: the first count
            # after it says what was there before.
            if self.counted_at >= self._settled:
                self._settled = None
            return False
        if is_over:
            self._settled = time.monotonic() + _SETTLE_SECONDS
        return is_over

    def forget(self):
        """The child has died: the next poke starts another."""
        self.socket.close()
        self.socket = self.pid = None


def _live(guest_socket, limit):
    """The child's whole life. Never returns."""
    try:
        os.closerange(3, guest_socket.fileno())
        os.closerange(guest_socket.fileno() + 1, 1 << 16)
        system.take_name("sandbox-monitor")
        os.nice(5)
        _watch(guest_socket, limit)
    except BaseException:  # noqa: B036
        pass
    finally:
        os._exit(0)


def _watch(guest_socket, limit):
    began = time.monotonic()
    used = count()
    free = _free()
    duration, next_count, alert_until = 0.0, 0.0, 0.0
    guest_socket.sendall(_REPORT.pack(used, began))
    poll = select.poll()
    poll.register(guest_socket, select.POLLIN)
    while True:
        is_alert = time.monotonic() < alert_until
        if poll.poll(_LOOK_SECONDS * 1000 if is_alert else None):
            heard = guest_socket.recv(4096)
            if not heard:
                return
            if _ASK in heard:
                next_count = 0.0
            alert_until = time.monotonic() + _ALERT_SECONDS
            if is_alert:
                time.sleep(_LOOK_SECONDS)
        room = max(limit - used, limit // 16)
        now = time.monotonic()
        if now >= next_count or _taken_since(free) > room // 2:
            free = _free()
            used = count()
            duration = time.monotonic() - now
            next_count = now + max(_COUNT_SECONDS, _COUNT_SHARE * duration)
            guest_socket.sendall(_REPORT.pack(used, now))


def _free():
    """The bytes and the inodes that the disk has left."""
    try:
        status = os.statvfs(PLACES[0])
    except OSError:
        return 0, 0
    return status.f_bavail * status.f_frsize, status.f_favail


def _taken_since(before):
    """At least half of what new files may count for since then: each takes bytes, an inode, or both."""
    taken_bytes, taken_inodes = (was - now for was, now in zip(before, _free()))
    return max(taken_bytes, taken_inodes * _LEAST_FILE)
