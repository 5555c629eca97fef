"""The keepers of a sandbox: idle ones for the next calls, and those that still hold background jobs."""

import os
import signal

from guest import keepers, processes

_MAX_IDLE = 8
# Two, so that one call after the other finds a shell that has loaded.
_READY = 2


class KeeperPool:
    def __init__(self, score, pids_limit, file_limit):
        self._score = score
        self._file_limit = file_limit
        self._pids_limit = pids_limit
        self._keepers = {}
        self._idle = []
        self._retired = {}

    def take(self):
        """A keeper for one call, or None where the sandbox has no room for another process."""
        if not self._idle:
            self.prepare(1)
        # The one that has rested longest: its waiting shell has had the time to load.
        return self._idle.pop(0) if self._idle else None

    @property
    def has_background(self):
        """Whether commands of earlier calls left jobs that still run."""
        return bool(self._retired)

    def prepare(self, count=_READY):
        """Has so many idle keepers ready."""
        while len(self._idle) < count:
            try:
                keeper = keepers.Keeper(self._score, self._file_limit)
            except OSError:
                return
            self._keepers[keeper.pid] = keeper
            self._idle.append(keeper)
            keeper.prepare_shell()

    def give_back(self, keeper, is_free):
        """Takes a keeper after its call. Returns whether it is kept: one too many is for the caller to close."""
        if keeper.pid not in self._keepers:
            return False
        if not is_free:
            self._retired[keeper.pid] = keeper
            return True
        self._retired.pop(keeper.pid, None)
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(keeper)
            keeper.prepare_shell()
            return True
        del self._keepers[keeper.pid]
        return False

    def lose(self, pid):
        """Forgets a keeper that has died. Returns it, or None where `pid` was none of ours."""
        keeper = self._keepers.pop(pid, None)
        self._retired.pop(pid, None)
        if keeper in self._idle:
            self._idle.remove(keeper)
        return keeper

    def give_up_idle(self):
        """Ends all idle keepers and returns them: what killed one of their kind may have hit them as well."""
        idle, self._idle = self._idle, []
        for keeper in idle:
            del self._keepers[keeper.pid]
            processes.send(keeper.pid, signal.SIGKILL)
        return idle

    def end_strays(self, others):
        """Ends processes that lost their keeper: nothing tells any more what they belong to.

        `others` are the guest's own children besides the keepers.
        """
        ours = others | set(self._keepers)

        def strays(table):
            roots = {pid for pid, parent in table.items() if parent == os.getpid() and pid not in ours}
            return roots | processes.descendants(table, roots)

        processes.kill_all(strays)

    def end_background(self):
        """Ends all background jobs."""
        processes.kill_all(lambda table: processes.descendants(table, self._retired))

    def end_runaway(self):
        """Makes room in a sandbox full of processes: ends the background jobs of the command that left most of them.

        A fork bomb whose shell has ended is such a command. Returns how many processes were ended.
        """
        table = processes.process_table()
        counts = {pid: len(processes.descendants(table, {pid})) for pid in self._retired}
        worst = max(counts, key=counts.get, default=None)
        # If even the largest is small, the room is taken by commands that still run: those have their timeouts.
        if worst is None or counts[worst] < self._pids_limit / 4:
            return 0
        return processes.kill_all(lambda table: processes.descendants(table, {worst}))
