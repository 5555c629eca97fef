"""Noticing that artifacts come, change and go, whoever makes them do so."""

import os
import select
import time

from guest import artifacts, frames, system

# What happens within this time is told of at once.
_DELAY = 0.25
_MAX_NAMES = 100
_READ_SIZE = 64 * 1024
# The system holds no more events than this many reads take.
_MAX_READS = 128


class ArtifactWatch:
    """Compares what is there with what the server was last told of, when the system says that something happened.

    Where it cannot say so, somebody else has to call `wake`.
    """

    def __init__(self, poll, size_limit):
        self._poll = poll
        self.size_limit = size_limit
        # What was there at the last look, and what the server was told of it.
        self._seen = self._told = {}
        self._descriptor = system.watch_directory(artifacts.DIRECTORY)
        self._events = select.poll()
        if self.is_told:
            self._events.register(self._descriptor, select.POLLIN)
        self._has_looked = False
        # The first look finds what is there from the start.
        self._due = time.monotonic() + _DELAY

    @property
    def is_told(self):
        """Whether the system says when something happens."""
        return self._descriptor is not None

    def wake(self):
        """Something may have happened."""
        if self._due is None:
            self._due = time.monotonic() + _DELAY

    def forget(self):
        """Another server is there, which has been told of nothing."""
        self._seen = self._told = {}
        self._has_looked = False
        self.wake()

    def seconds_to_wait(self):
        """How long until a look is due; None where none is."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def current(self):
        """A snapshot of what is there: that of the last look, where nothing has happened since."""
        if not self.is_told or not self._has_looked or self._events.poll(0):
            return artifacts.snapshot()
        return self._seen

    def look(self):
        """A frame that tells what has changed since the last look; empty where nothing has."""
        self._due = None
        if self.is_told:
            # First, so that what happens from here on is an event again.
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
        # Not heard again before the look: one that writes without end must not keep the loop busy.
        self._poll.off(self._descriptor)
        self.wake()

    def _drain(self):
        """Takes the events, whose content is not needed: what is compared is what is there."""
        try:
            for _ in range(_MAX_READS):
                os.read(self._descriptor, _READ_SIZE)
        except OSError:
            pass
