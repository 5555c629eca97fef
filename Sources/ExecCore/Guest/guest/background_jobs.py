"""Notifies the server whether background jobs are running: a sandbox that has some is not idle."""

import time

from guest import frames

# The minimum time for which jobs are reported. Commands that leave short jobs, and sessions that are opened and closed
# one after the other, must not cause endless notifications: the server treats many of them as a flood, and ends the
# sandbox.
MINIMUM_SECONDS = 2.0


class JobNotifier:
    """The state that the server was last notified of."""

    def __init__(self, clock=time.monotonic):
        self.has_jobs = False
        self._clock = clock
        self._may_end_at = 0.0

    def reset(self):
        """Forgets what was reported, because another server has connected."""
        self.has_jobs = False

    def update(self, has_jobs, may_return):
        """Returns a frame if the server has to be notified; otherwise empty bytes.

        The notification that there are no jobs is delayed if new ones `may_return` soon, and until the last ones have
        been reported for `MINIMUM_SECONDS`.
        """
        if has_jobs == self.has_jobs or (not has_jobs and (may_return or self._clock() < self._may_end_at)):
            return b""
        self.has_jobs = has_jobs
        if has_jobs:
            self._may_end_at = self._clock() + MINIMUM_SECONDS
        return frames.frame(frames.JOBS, 0, bytes((has_jobs,)))

    def seconds_to_wait(self, has_jobs):
        """Returns the seconds until the end of jobs may be reported; None if it isn't due."""
        return max(0.0, self._may_end_at - self._clock()) if self.has_jobs and not has_jobs else None
