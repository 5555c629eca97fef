"""Ends what takes too much memory before the kernel has to, where the kernel would end the whole sandbox.

Where a container's control group is killed as a whole (`memory.oom.group`, as on Kubernetes), no process of it is left.
So the guest checks how much is in use, more often the less is left, and does what the kernel does elsewhere: it kills
the largest process. A program that takes all of the memory at once can be faster.
"""

import os
import signal
import time

from guest import commands, processes, system

# What is kept free: a share of the limit and at least this number of bytes, but no more than a quarter.
_FREE_SHARE = 20
_FREE_BYTES = 32 << 20
# How many bytes a second programs are expected to take, and the bounds of the time until the next look.
_BYTES_PER_SECOND = 8 << 30
_MIN_SECONDS, _MAX_SECONDS = 0.005, 0.25
# How long a process may take to give its memory back.
_DEATH_SECONDS = 2.0
# In how many steps what is kept free may be used up after the end of everything has freed nothing.
_STEPS = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")


class MemoryGuard:
    def __init__(self, config, memory=None, clock=time.monotonic):
        """`memory` tells what is in use, for tests."""
        self._memory = memory or system.MemoryUse()
        limit = min(config["memory_bytes"], self._memory.limit or config["memory_bytes"])
        self._limit_text = config["memory"]
        self._margin = min(max(limit // _FREE_SHARE, _FREE_BYTES), limit // 4)
        self._threshold = limit - self._margin
        self._clock = clock
        self._next_look = 0.0
        # The process that was killed last, and until when its memory is waited for.
        self._victim, self._dies_until = None, 0.0
        # How often everything was ended since memory was last sufficient.
        self._ended = 0

    def attach(self, guest):
        self._channel = guest.channel
        self._pool = guest.pool
        self._calls = guest.calls
        self._processes = guest.processes
        self._lifecycle = guest.lifecycle

    def start(self):
        system.OutOfMemoryKills.by_guest = 0

    @property
    def _is_needed(self):
        return bool(self._calls) or self._pool.has_background

    def seconds_to_wait(self):
        """Returns the seconds until `check` has to be called; None if nothing runs."""
        return max(0.0, self._next_look - self._clock()) if self._is_needed else None

    def check(self):
        """Looks how much memory is in use if it is time to, and kills something if it is too much."""
        now = self._clock()
        if now < self._next_look or not self._is_needed:
            return
        threshold = self._threshold + self._margin * self._ended // _STEPS
        used = self._memory.used(threshold)
        if used < self._threshold:
            self._ended = 0
        if used >= threshold and self._ended < _STEPS and not self._is_dying(now):
            self._make_room(now)
        wait = (threshold - used) / _BYTES_PER_SECOND
        self._next_look = now + min(max(wait, _MIN_SECONDS), _MAX_SECONDS)

    def _is_dying(self, now):
        if self._victim is not None and (now >= self._dies_until or not processes.exists(self._victim)):
            self._victim = None
        return self._victim is not None

    def _make_room(self, now):
        try:
            parents = processes.Table().parents
        except OSError:
            # No descriptor is free. The next look may find one.
            return
        others = processes.descendants(parents, {os.getpid()}) - self._processes.own_pids()
        sizes = {pid: _resident_bytes(pid) for pid in others}
        largest = max(sizes, key=sizes.get, default=None)
        if largest is not None and sizes[largest] >= self._margin // 2:
            self._victim, self._dies_until = largest, now + _DEATH_SECONDS
            system.OutOfMemoryKills.by_guest += 1
            processes.send_signal(largest, signal.SIGKILL)
            return
        # What is left is files in memory, which no end of a process frees, but what writes them has to stop. Or it is
        # many small processes.
        self._ended += 1
        text = f"files in memory or many small processes fill the sandbox, whose limit is {self._limit_text}"
        self._channel.log(f"everything was stopped: {text}")
        for call in self._calls.snapshot():
            if isinstance(call, commands.Command):
                call.note += f"Stopped: {text}. Delete files: `df -h -t tmpfs` shows where they are.\n"
        self._lifecycle.stop_everything()


def _resident_bytes(pid):
    """Returns how much memory a process has; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read(256).split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
