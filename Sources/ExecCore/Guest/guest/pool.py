"""The keepers of a sandbox: idle ones for the next calls, those that still hold background jobs, and those whose
leftovers are being ended.
"""

import signal

from guest import confinement, keepers, processes, quota

_MAX_IDLE = 8
# So many idle keepers each with a shell that has loaded: for calls that come together, or one soon after the other.
_READY = 6
# The same where few processes are allowed.
_READY_OF_FEW = 2
_FEW_PIDS = 128
# Below this a shell is started at once, though the next call may be on its way and want the processor for itself.
_LEAST_READY = 2


class KeeperPool:
    def __init__(self, score, pids_limit, workspace_limit):
        self._score = score
        # Called with each new keeper.
        self.on_new = lambda keeper: None
        self._workspace_limit = workspace_limit
        self._pids_limit = pids_limit
        self._ready = _READY if pids_limit >= _FEW_PIDS else _READY_OF_FEW
        # How many more are worth a try: what ends waiting shells again and again must not keep us busy.
        self._preparations = self._ready
        self._has_shells = True
        self._keepers = {}
        self._idle = []
        self._retired = {}
        self._cleared = {}

    def take(self, strictness=confinement.USUAL):
        """A keeper for one call, or None where the sandbox has no room for another process."""
        if strictness != confinement.USUAL:
            return self._start(strictness)
        if not self._idle:
            self._add()
        # The one that has rested longest: its waiting shell has had the time to load.
        found = next((keeper for keeper in self._idle if keeper.waiting), self._idle[0] if self._idle else None)
        if found:
            self._idle.remove(found)
        return found

    @property
    def has_idle(self):
        """Whether there is a keeper for a call without starting one."""
        return bool(self._idle)

    @property
    def has_background(self):
        """Whether commands of earlier calls left jobs that still run."""
        return bool(self._retired)

    def prepare(self):
        """Has one more keeper ready, with a shell that waits."""
        self._preparations -= 1
        bare = next((keeper for keeper in self._idle if not keeper.waiting), None)
        is_done = self._prepare_shell(bare) if bare else len(self._idle) < self._ready and self._add()
        if not is_done:
            self._preparations = 0

    @property
    def wants_preparation(self):
        """Whether there is something to prepare, for calls to come, as soon as there is nothing else to do."""
        return self._preparations > 0 and self._has_shells

    def _add(self):
        """Makes another idle keeper. Returns whether there was room for its process."""
        keeper = self._start(confinement.USUAL)
        if not keeper:
            return False
        self._idle.append(keeper)
        self._prepare_shell(keeper)
        return True

    def _prepare_shell(self, keeper):
        """Has a shell started ahead, if there are descriptors for it. Returns whether one is there."""
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
        """Whether shells wait for commands: where nothing may write any more, code could have one of them write."""
        if has_shells != self._has_shells:
            self._has_shells = has_shells
            self._preparations = self._ready if has_shells else 0
            for keeper in self._idle:
                keeper.drop_shell()

    @property
    def pids(self):
        """All keepers, by their process ids."""
        return self._keepers.keys()

    @property
    def retired(self):
        """The keepers with background jobs, by their process ids."""
        return self._retired.keys()

    def is_apart(self, keeper):
        """Whether the keeper is out of use until nothing is left below it."""
        return keeper.pid in self._retired or keeper.pid in self._cleared

    def set_apart(self, keeper):
        """Takes a keeper out of use with which something is wrong, or may be, until nothing is left below it."""
        keeper.drop_shell()
        if keeper in self._idle:
            self._idle.remove(keeper)
        if keeper.pid in self._keepers and keeper.pid not in self._retired:
            self._cleared[keeper.pid] = keeper

    def set_waiting_apart(self):
        """Takes all idle keepers out of use that have a shell waiting. Returns their process ids."""
        waiting = [keeper for keeper in self._idle if keeper.waiting]
        for keeper in waiting:
            self.set_apart(keeper)
        self._preparations = self._ready
        return [keeper.pid for keeper in waiting]

    def give_back(self, keeper, is_free):
        """Takes a keeper after its call. Returns whether it is kept: one too many is for the caller to close."""
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
        """Forgets a keeper that has died. Returns it, or None where `pid` was none of ours."""
        keeper = self._keepers.pop(pid, None)
        self._retired.pop(pid, None)
        self._cleared.pop(pid, None)
        if keeper in self._idle:
            self._idle.remove(keeper)
        return keeper

    def give_up_idle(self):
        """Ends all idle keepers and returns them: what killed one of their kind may have hit them as well."""
        idle, self._idle = self._idle, []
        self._preparations = self._ready
        for keeper in idle:
            del self._keepers[keeper.pid]
            processes.send(keeper.pid, signal.SIGKILL)
        return idle

    def runaway(self, others, is_room_needed):
        """The process id of the keeper whose command left most background jobs, and how many they are.

        A fork bomb whose shell has ended is such a command. None and 0 where no command has left many, or any if
        `is_room_needed`. Those in `others` do not count. Raises `OSError` if there is no descriptor to look with.
        """
        parents = processes.Table().parents
        counts = {pid: len(processes.descendants(parents, {pid})) for pid in self._retired if pid not in others}
        worst = max(counts, key=counts.get, default=None)
        # If even the largest is small, the room is taken by commands that still run: those have their timeouts.
        least = 1 if is_room_needed else self._pids_limit / 4
        return (worst, counts[worst]) if worst is not None and counts[worst] >= least else (None, 0)
