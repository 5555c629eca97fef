"""Detects that the memory limit has killed a process, and reports it in the result of the command concerned."""

from guest import system

# The exit code that a shell reports for a command killed by SIGKILL (128 + 9).
_KILLED = 137


class OutOfMemoryTracker:
    """Assigns kills to commands by time, because the kernel counts kills but doesn't report the victims: a command's
    result reports the kills during its run, whatever its exit code, and the next command's result those in between.

    Among concurrent commands, one that was itself killed accounts for one kill, which the others then don't report.
    """

    def __init__(self, limit, counter=None):
        self._limit = limit
        self._counter = counter or system.OutOfMemoryKills()
        self._reported = self._counter.count()
        self._attributed = 0
        self._running = 0
        # Whether nothing has run since the last check, so that nothing can have been killed.
        self._is_idle = False

    def note_activity(self):
        """Records that something other than a command runs."""
        self._is_idle = False

    def kill_count(self):
        """Returns the kill count for `command_started`, to be read before the command can run."""
        return self._reported if self._is_idle else self._counter.count()

    def command_started(self, now):
        """Records the start of a command; `now` is what `kill_count` returned before.

        Returns the state to pass to `command_ended`.
        """
        # Kills during commands in progress are reported by those.
        was_between = not self._running and now is not None and self._reported is not None and now > self._reported
        if not self._running:
            self._reported = now
        self._running += 1
        self._is_idle = False
        return now, self._attributed, was_between

    def command_ended(self, baseline, exit_code, is_idle=False):
        """Records the end of the command for which `command_started` returned `baseline`. `is_idle`: nothing else is
        running.

        Returns lines for its result; empty if there were no kills to report.
        """
        kills_before, attributed, was_between = baseline
        now = self._counter.count()
        self._running -= 1
        if now is None or kills_before is None:
            return ""
        self._reported = max(self._reported or 0, now)
        self._is_idle = is_idle
        lines = ""
        if was_between:
            lines += f"A process was killed since the last command: out of memory ({self._limit_text}).\n"
        if now > kills_before and (exit_code == _KILLED or now - kills_before > self._attributed - attributed):
            lines += f"A process was killed while this command ran: out of memory ({self._limit_text}).\n"
        if now > kills_before and exit_code == _KILLED:
            self._attributed += 1
        return lines

    def ignore_kill(self, before):
        """Records that one of the guest's own processes was killed, of which no command should be told, unless the kill
        count is still what it was `before`: then it was not the kernel.
        """
        now = self._counter.count()
        if now is None or before is None or now <= before:
            return
        self._attributed += 1
        if not self._running and self._reported is not None:
            self._reported += 1

    @property
    def _limit_text(self):
        return f"the sandbox's limit is {self._limit}"
