"""The worker pool of a sandbox: idle keepers for the next calls, keepers that still hold background jobs, and keepers
whose leftover processes are being ended.
"""

import signal

from guest import confinement, keepers, processes, quota

_MAX_IDLE = 8
# The number of idle keepers to keep, each with a prewarmed shell: for calls that arrive together or in quick
# succession.
_READY = 6
# The same if the process limit is low.
_READY_OF_FEW = 2
_FEW_PIDS = 128
# With fewer prewarmed shells than this, one is started at once, although it competes for CPU time with a call that may
# be about to arrive.
_LEAST_READY = 2


class KeeperPool:
    def __init__(self, score, pids_limit, workspace_limit):
        self._score = score
        # Called with each new keeper.
        self.on_new = lambda keeper: None
        self._workspace_limit = workspace_limit
        self._pids_limit = pids_limit
        self._ready = _READY if pids_limit >= _FEW_PIDS else _READY_OF_FEW
        # Remaining attempts to prewarm. Bounded, so that code that keeps ending prewarmed shells can't keep the guest
        # busy.
        self._preparations = self._ready
        self._has_shells = True
        self._keepers = {}
        self._idle = []
        self._retired = {}
        self._cleared = {}

    def take(self, strictness=confinement.USUAL):
        """Acquires a keeper for one call; returns None if the sandbox has no room for another process."""
        if strictness != confinement.USUAL:
            return self._start(strictness)
        if not self._idle:
            self._add()
        # Prefer the keeper that has been idle longest: its prewarmed shell has had time to load.
        found = next((keeper for keeper in self._idle if keeper.waiting), self._idle[0] if self._idle else None)
        if found:
            self._idle.remove(found)
        return found

    @property
    def has_idle(self):
        """Whether a call can get a keeper without starting one."""
        return bool(self._idle)

    @property
    def has_background(self):
        """Whether background jobs of earlier commands are still running."""
        return bool(self._retired)

    def prepare(self):
        """Prepares one more idle keeper with a prewarmed shell."""
        self._preparations -= 1
        bare = next((keeper for keeper in self._idle if not keeper.waiting), None)
        is_done = self._prepare_shell(bare) if bare else len(self._idle) < self._ready and self._add()
        if not is_done:
            self._preparations = 0

    @property
    def wants_preparation(self):
        """Whether `prepare` is to be called as soon as the event loop is idle."""
        return self._preparations > 0 and self._has_shells

    def _add(self):
        """Starts another idle keeper. Returns whether there was room for its process."""
        keeper = self._start(confinement.USUAL)
        if not keeper:
            return False
        self._idle.append(keeper)
        self._prepare_shell(keeper)
        return True

    def _prepare_shell(self, keeper):
        """Prewarms a shell if descriptors are available. Returns whether the keeper has one."""
        try:
            return self._has_shells and keeper.prepare_shell()
        except OSError:
            return False

    def _start(self, strictness):
        def confine():
            confinement.confine(strictness, self._workspace_limit + quota.MARGIN)

        try:
            is_lasting = strictness == confinement.USUAL
            keeper = keepers.Keeper(self._score, confine if self._workspace_limit else None, is_lasting)
        except OSError:
            return None
        self._keepers[keeper.pid] = keeper
        self.on_new(keeper)
        return keeper

    def set_shells(self, has_shells):
        """Turns prewarming on or off. Off while writing is forbidden: otherwise code could make a prewarmed shell,
        which started without that restriction, write for it.
        """
        if has_shells != self._has_shells:
            self._has_shells = has_shells
            self._preparations = self._ready if has_shells else 0
            for keeper in self._idle:
                keeper.drop_shell()

    @property
    def pids(self):
        """The process ids of all keepers."""
        return self._keepers.keys()

    @property
    def retired(self):
        """The process ids of the keepers with background jobs."""
        return self._retired.keys()

    def is_apart(self, keeper):
        """Whether the keeper is out of use until nothing is left below it."""
        return keeper.pid in self._retired or keeper.pid in self._cleared

    def set_apart(self, keeper):
        """Takes a suspect keeper out of use until nothing is left below it."""
        keeper.drop_shell()
        if keeper in self._idle:
            self._idle.remove(keeper)
        if keeper.pid in self._keepers and keeper.pid not in self._retired:
            self._cleared[keeper.pid] = keeper

    def set_waiting_apart(self):
        """Takes all idle keepers with a prewarmed shell out of use. Returns their process ids."""
        waiting = [keeper for keeper in self._idle if keeper.waiting]
        for keeper in waiting:
            self.set_apart(keeper)
        self._preparations = self._ready
        return [keeper.pid for keeper in waiting]

    def give_back(self, keeper, is_free):
        """Releases a keeper after its call. Returns whether the pool keeps it; if not, the caller must close it."""
        if keeper.pid not in self._keepers:
            return False
        self._preparations = self._ready
        if not is_free:
            self._retired[keeper.pid] = keeper
            return True
        self._retired.pop(keeper.pid, None)
        self._cleared.pop(keeper.pid, None)
        if len(self._idle) < _MAX_IDLE and keeper.is_lasting:
            self._idle.append(keeper)
            if sum(1 for idle in self._idle if idle.waiting) < _LEAST_READY:
                self._prepare_shell(keeper)
            return True
        del self._keepers[keeper.pid]
        return False

    def lose(self, pid):
        """Removes a keeper that has died. Returns it, or None if `pid` isn't a keeper."""
        keeper = self._keepers.pop(pid, None)
        self._retired.pop(pid, None)
        self._cleared.pop(pid, None)
        if keeper in self._idle:
            self._idle.remove(keeper)
        return keeper

    def give_up_idle(self):
        """Kills all idle keepers and returns them: whatever killed another keeper may have affected them as well."""
        idle, self._idle = self._idle, []
        self._preparations = self._ready
        for keeper in idle:
            del self._keepers[keeper.pid]
            processes.send(keeper.pid, signal.SIGKILL)
        return idle

    def runaway(self, others, is_room_needed):
        """Returns the process id of the keeper whose command left the most background processes, and their number.

        A fork bomb whose shell has exited is such a command. Returns None and 0 if no command left at least a quarter
        of the process limit or, with `is_room_needed`, at least one. Ignores the keepers in `others`. Raises `OSError`
        if no descriptor is available to read /proc.
        """
        parents = processes.Table().parents
        counts = {pid: len(processes.descendants(parents, {pid})) for pid in self._retired if pid not in others}
        worst = max(counts, key=counts.get, default=None)
        # If even the largest is small, commands in progress take the room, and their timeouts end them.
        least = 1 if is_room_needed else self._pids_limit / 4
        return (worst, counts[worst]) if worst is not None and counts[worst] >= least else (None, 0)
