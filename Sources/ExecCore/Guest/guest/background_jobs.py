"""Notifies the server whether background jobs are running: a sandbox that has some is not idle."""

from guest import frames


class JobNotifier:
    """The state that the server was last notified of."""

    def __init__(self):
        self.has_jobs = False

    def reset(self):
        """Forgets what was reported, because another server has connected."""
        self.has_jobs = False

    def update(self, has_jobs, may_return):
        """Returns a frame if the state has changed; otherwise empty bytes.

        Commands that leave short jobs one after the other must not cause a notification each time: if new jobs
        `may_return` soon, the notification that there are none is delayed.
        """
        if has_jobs == self.has_jobs or (may_return and not has_jobs):
            return b""
        self.has_jobs = has_jobs
        return frames.frame(frames.JOBS, 0, bytes((has_jobs,)))
