"""Watches artifacts and reports which are added, modified and removed, by any process."""

import os
import select
import time

from guest import artifacts, frames, system

# Debounce: changes within this time are reported together.
_DELAY = 0.25
_MAX_NAMES = 100
_READ_SIZE = 64 * 1024
# This many reads are enough to empty the kernel's event queue.
_MAX_READS = 128


class ArtifactWatch:
    """Compares the artifacts with those last reported to the server whenever inotify signals a change.

    If inotify isn't available, the caller has to call `wake`.
    """

    def __init__(self, poll, size_limit):
        self._poll = poll
        self.size_limit = size_limit
        # The snapshot of the last scan, and what was reported to the server.
        self._seen = self._told = {}
        self._descriptor = system.watch_directory(artifacts.DIRECTORY)
        self._events = select.poll()
        if self.is_told:
            self._events.register(self._descriptor, select.POLLIN)
        self._has_looked = False
        # The first scan finds the artifacts that exist from the start.
        self._due = time.monotonic() + _DELAY

    @property
    def is_told(self):
        """Whether inotify signals changes."""
        return self._descriptor is not None

    def wake(self):
        """Schedules a scan, because something may have changed."""
        if self._due is None:
            self._due = time.monotonic() + _DELAY

    def forget(self):
        """Forgets what was reported, because another server has connected, and schedules a scan."""
        self._seen = self._told = {}
        self._has_looked = False
        self.wake()

    def seconds_to_wait(self):
        """Returns the seconds until a scan is due; None if none is scheduled."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def current(self):
        """Returns a current snapshot: the one of the last scan if nothing has changed since."""
        if not self.is_told or not self._has_looked or self._events.poll(0):
            return artifacts.snapshot()
        return self._seen

    def look(self):
        """Scans. Returns a frame with the changes since the last report; empty if none."""
        self._due = None
        if self.is_told:
            # Before the scan, so that every later change causes an event again.
            self._drain()
            self._poll.on(self._descriptor, select.EPOLLIN, lambda events: self._hear())
        self._seen = artifacts.snapshot()
        before, now = self._told, artifacts.within(self.size_limit, self._seen)
        self._told, self._has_looked = now, True
        lists = {
            "added": [name for name in now if name not in before],
            "modified": [name for name in now if name in before and now[name] != before[name]],
            "removed": [name for name in before if name not in now],
        }
        if not any(lists.values()):
            return b""
        change = {kind: sorted(names)[:_MAX_NAMES] for kind, names in lists.items()}
        change["more"] = any(len(names) > _MAX_NAMES for names in lists.values())
        return frames.json_frame(frames.ARTIFACTS, 0, change)

    def _hear(self):
        # Ignore events until the scan: a process that writes endlessly must not keep the loop busy.
        self._poll.off(self._descriptor)
        self.wake()

    def _drain(self):
        """Discards the pending events; their content isn't needed because snapshots are compared."""
        try:
            for _ in range(_MAX_READS):
                os.read(self._descriptor, _READ_SIZE)
        except OSError:
            pass
