"""Watches artifacts and reports which are added, modified and removed, by any process."""

import os
import select
import time

from guest import artifacts, frames, system

# Debounce: changes within this time are reported together.
_DEBOUNCE_SECONDS = 0.25
_MAX_NAMES = 100
_READ_SIZE = 64 * 1024
# This many reads are enough to empty the kernel's event queue.
_MAX_READS = 128


class ArtifactWatcher:
    """Compares the artifacts with those last reported to the server whenever inotify signals a change.

    If inotify isn't available, the caller has to call `schedule_scan`.
    """

    def __init__(self, loop, size_limit):
        self._loop = loop
        self.size_limit = size_limit
        # The snapshot of the last scan, and what was reported to the server.
        self._last_scan = self._reported = {}
        self._descriptor = system.open_inotify(artifacts.DIRECTORY)
        self._events = select.poll()
        if self.has_inotify:
            self._events.register(self._descriptor, select.POLLIN)
        self._has_scanned = False
        # The first scan finds the artifacts that exist from the start.
        self._scan_due = time.monotonic() + _DEBOUNCE_SECONDS

    @property
    def has_inotify(self):
        """Whether inotify signals changes."""
        return self._descriptor is not None

    def schedule_scan(self):
        """Schedules a scan, because something may have changed."""
        if self._scan_due is None:
            self._scan_due = time.monotonic() + _DEBOUNCE_SECONDS

    def reset(self):
        """Forgets what was reported, because another server has connected, and schedules a scan."""
        self._last_scan = self._reported = {}
        self._has_scanned = False
        self.schedule_scan()

    def seconds_to_wait(self):
        """Returns the seconds until a scan is due; None if none is scheduled."""
        return None if self._scan_due is None else max(0.0, self._scan_due - time.monotonic())

    def current(self):
        """Returns a current snapshot: the one of the last scan if nothing has changed since."""
        if not self.has_inotify or not self._has_scanned or self._events.poll(0):
            return artifacts.snapshot()
        return self._last_scan

    def scan(self):
        """Scans. Returns a frame with the changes since the last report; empty if none."""
        self._scan_due = None
        if self.has_inotify:
            # Before the scan, so that every later change causes an event again.
            self._drain()
            self._loop.register(self._descriptor, select.EPOLLIN, lambda events: self._on_event())
        self._last_scan = artifacts.snapshot()
        before, now = self._reported, artifacts.within(self.size_limit, self._last_scan)
        self._reported, self._has_scanned = now, True
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

    def _on_event(self):
        # Ignore events until the scan: a process that writes endlessly must not keep the loop busy.
        self._loop.unregister(self._descriptor)
        self.schedule_scan()

    def _drain(self):
        """Discards the pending events; their content isn't needed because snapshots are compared."""
        try:
            for _ in range(_MAX_READS):
                os.read(self._descriptor, _READ_SIZE)
        except OSError:
            pass
