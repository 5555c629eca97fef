"""Detects that the memory limit has killed a process, and reports it in the result of the command concerned."""

from guest import system

# The exit code that a shell reports for a command killed by SIGKILL (128 + 9).
_KILLED = 137


class MemoryWatch:
    """Assigns kills to commands by time, because the kernel counts kills but doesn't report the victims: a command's
    result reports the kills during its run, whatever its exit code, and the next command's result those in between.

    Among concurrent commands, one that was itself killed accounts for one kill, which the others then don't report.
    """

    def __init__(self, limit, counter=None):
        self._limit = limit
        self._counter = counter or system.OutOfMemoryKills()
        self._told = self._counter.count()
        self._explained = 0
        self._running = 0
        # Whether nothing has run since the last check, so that nothing can have been killed.
        self._is_still = False

    def stir(self):
        """Records that something other than a command runs."""
        self._is_still = False

    def look(self):
        """Returns the kill count for `begin`, to be read before the command can run."""
        return self._told if self._is_still else self._counter.count()

    def begin(self, now):
        """Records the start of a command; `now` is what `look` returned before. Returns the state to pass to `end`."""
        # Kills during commands in progress are reported by those.
        was_between = not self._running and now is not None and self._told is not None and now > self._told
        if not self._running:
            self._told = now
        self._running += 1
        self._is_still = False
        return now, self._explained, was_between

    def end(self, began, exit_code, is_still=False):
        """Records the end of the command for which `begin` returned `began`. `is_still`: nothing else is running.

        Returns lines for its result; empty if there were no kills to report.
        """
        before, explained, was_between = began
        now = self._counter.count()
        self._running -= 1
        if now is None or before is None:
            return ""
        self._told = max(self._told or 0, now)
        self._is_still = is_still
        lines = ""
        if was_between:
            lines += f"Since the last command a process was killed: out of memory ({self._bound}).\n"
        if now > before and (exit_code == _KILLED or now - before > self._explained - explained):
            lines += f"A process was killed while this command ran: out of memory ({self._bound}).\n"
        if now > before and exit_code == _KILLED:
            self._explained += 1
        return lines

    @property
    def _bound(self):
        return f"the sandbox's limit is {self._limit}"
