"""Noticing that the memory limit has killed something, and telling it in the result that it belongs to."""

from guest import system

# What a shell says of a command that SIGKILL has ended.
_KILLED = 137


class MemoryWatch:
    """The kernel counts the kills and does not say whom it killed. So the result of a command tells of those that fell
    into its time, whatever its exit code, and the next command's result of those that fell between two.

    Of commands that ran at once, one that was killed itself explains a kill to the others.
    """

    def __init__(self, limit, counter=None):
        self._limit = limit
        self._counter = counter or system.OutOfMemoryKills()
        self._told = self._counter.count()
        self._explained = 0
        self._running = 0
        # Whether nothing has run since the last look, so that nobody can have been killed.
        self._is_still = False

    def stir(self):
        """Something runs that is no command."""
        self._is_still = False

    def look(self):
        """What `begin` wants to know, from before the command could do anything."""
        return self._told if self._is_still else self._counter.count()

    def begin(self, now):
        """A command has begun after `look` returned `now`. Returns what `end` wants to know, of it alone."""
        # What falls into the time of commands under way is theirs to tell.
        was_between = not self._running and now is not None and self._told is not None and now > self._told
        if not self._running:
            self._told = now
        self._running += 1
        self._is_still = False
        return now, self._explained, was_between

    def end(self, began, exit_code, is_still=False):
        """The command that so began has ended, and nothing else runs if `is_still`.

        Returns lines for its result; none where memory was enough.
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
