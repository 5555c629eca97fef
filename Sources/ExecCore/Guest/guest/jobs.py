"""Telling the server whether jobs live that commands left in the background: a sandbox that has some is not idle."""

from guest import frames


class JobNews:
    """What the server was last told."""

    def __init__(self):
        self.has_jobs = False

    def look(self, has_jobs, may_come_again):
        """A frame that says what is new; empty where nothing is.

        Commands that leave short jobs one after the other are no news each time: where some `may_come_again` soon, it
        is not said yet that there are none.
        """
        if has_jobs == self.has_jobs or (may_come_again and not has_jobs):
            return b""
        self.has_jobs = has_jobs
        return frames.frame(frames.JOBS, 0, bytes((has_jobs,)))
