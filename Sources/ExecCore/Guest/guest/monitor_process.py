"""The disk monitor: a child of the guest that counts the disk usage of a persistent workspace. It is a process of its
own because walking the tree may take long.

The guest notifies it while there is work. For 1 s after each notification it polls the disk's free space and free
inodes, which is cheap. It counts when more than half of the remaining room may have been used, and periodically in any
case.
"""

import os
import select
import struct
import time

from guest import disk_usage, system

DIRECTORIES = ("/workspace", "/artifacts")

# Messages from the guest: there is work; count now.
NOTIFY, COUNT_NOW = b"!", b"?"

# Reports to the guest: the kind, the bytes used, the bytes free on the disk, when the count started, then a text.
REPORT = struct.Struct(">BQQd")
ALIVE = 1
COUNTED = 2
# Counted while all processes were stopped: everything, or everything except deleted files held where they can't be
# seen.
COUNTED_ALL = 3
COUNTED_PARTLY = 4
# Counting failed, or more space may be used during the count than there is room for.
FAILED = 5
MESSAGE_SIZE = 4096

_ALERT_SECONDS = 1.0
_POLL_SECONDS = 0.05
_ALIVE_SECONDS = 0.25
# A count is due after this many seconds, or after this many times the duration of the last one, whichever is longer.
_COUNT_SECONDS = 2.0
_COUNT_INTERVAL_FACTOR = 10
# How long processes may take to stop after SIGSTOP. One that is just starting or ending must first be scheduled, which
# takes a while on a busy machine.
_FREEZE_SECONDS = 5.0


class _SpaceLostError(Exception):
    """During a count the disk loses more free space than there is room for."""


def run(guest_socket, limit, used, own_processes):
    """Runs the monitor in the child process. Never returns.

    `used`: the bytes found by the last count. With `own_processes`, all other processes are stopped, and it starts with
    a thorough count.
    """
    try:
        os.closerange(3, guest_socket.fileno())
        os.closerange(guest_socket.fileno() + 1, 1 << 16)
        system.set_process_name("sandbox-monitor")
        _MonitorProcess(guest_socket, limit, used).run(own_processes)
    except BaseException:  # noqa: B036
        pass
    finally:
        os._exit(0)


class _MonitorProcess:
    def __init__(self, guest_socket, limit, used):
        self._socket = guest_socket
        self._limit = limit
        self._used = used
        self._free = _free()
        self._alive_at = self._polled_at = 0.0
        self._next_count = 0.0

    def run(self, own_processes=None):
        if own_processes is None:
            self._count_running()
        else:
            self._count_frozen(own_processes)
        alert_until = 0.0
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while True:
            is_alert = time.monotonic() < alert_until
            if poll.poll(_POLL_SECONDS * 1000 if is_alert else None):
                message = self._socket.recv(MESSAGE_SIZE)
                if not message:
                    return
                if message == COUNT_NOW:
                    self._next_count = 0.0
                self._report(ALIVE, time.monotonic())
                alert_until = time.monotonic() + _ALERT_SECONDS
                if is_alert:
                    time.sleep(_POLL_SECONDS)
            if time.monotonic() >= self._next_count or used_since(self._free) > self._room // 2:
                self._count_running()

    @property
    def _room(self):
        return max(self._limit - self._used, self._limit // 16)

    def _count_running(self):
        started_at = time.monotonic()
        self._free = _free()
        count = disk_usage.UsageCount(DIRECTORIES, self._tick)
        try:
            count.count_tree()
            count.count_deleted(is_thorough=False)
        except _SpaceLostError:
            self._report(FAILED, started_at)
        except (disk_usage.UncountableError, OSError, MemoryError, ValueError) as error:
            self._report(FAILED, started_at, str(error) or type(error).__name__)
        else:
            self._used = count.bytes
            self._report(COUNTED, started_at)
        self._schedule_next(started_at)

    def _count_frozen(self, own_processes):
        """Counts while all other processes are stopped."""
        started_at = time.monotonic()
        count = disk_usage.UsageCount(DIRECTORIES, self._report_alive, own_processes)
        try:
            self._wait_until_stopped(started_at)
            count.count_tree()
            count.count_deleted(is_thorough=True)
            self._wait_until_stopped(time.monotonic())
        except (disk_usage.UncountableError, OSError, MemoryError, ValueError) as error:
            self._report(FAILED, started_at, str(error) or type(error).__name__)
        else:
            self._used = count.bytes
            self._free = _free()
            self._report(COUNTED_PARTLY if count.may_miss_files else COUNTED_ALL, started_at)
        self._schedule_next(started_at)

    def _wait_until_stopped(self, started_at):
        while running := disk_usage.running_processes():
            if time.monotonic() > started_at + _FREEZE_SECONDS:
                raise disk_usage.UncountableError(f"process {running[0]} cannot be stopped")
            self._report_alive()
            time.sleep(_POLL_SECONDS / 5)

    def _schedule_next(self, started_at):
        now = time.monotonic()
        self._next_count = now + max(_COUNT_SECONDS, _COUNT_INTERVAL_FACTOR * (now - started_at))

    def _tick(self):
        now = time.monotonic()
        if now > self._polled_at + _POLL_SECONDS:
            self._polled_at = now
            self._report_alive()
            if used_since(self._free) > self._room:
                raise _SpaceLostError

    def _report_alive(self):
        now = time.monotonic()
        if now > self._alive_at + _ALIVE_SECONDS:
            self._report(ALIVE, now)

    def _report(self, kind, started_at, text=""):
        self._alive_at = time.monotonic()
        report = REPORT.pack(kind, self._used, self._free[0], started_at)
        self._socket.sendall(report + text.encode("utf-8", "replace")[: MESSAGE_SIZE - len(report)])


def _free():
    """Returns the free bytes and free inodes of the disk."""
    try:
        status = os.statvfs(DIRECTORIES[0])
    except OSError:
        return 0, 0
    return status.f_bavail * status.f_frsize, status.f_favail


def used_since(before):
    """Returns at least half of the bytes that files created since `before` may count for: each uses bytes, an inode or
    both.
    """
    used_bytes, used_inodes = (was - now for was, now in zip(before, _free()))
    return max(used_bytes, used_inodes * disk_usage.MIN_FILE_SIZE)
