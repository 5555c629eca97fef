"""Ends everything below a keeper, until the kernel confirms that nothing is left.

Scanning /proc only finds the processes to signal. Completion is certain because a keeper is a subreaper: nothing is
left below it exactly when it has no child any more, and it reports that. Processes that escape one step are met by the
next, harder one:

1. SIGTERM to each, so that programs can clean up.
2. Two seconds later, or at once: SIGSTOP one by one until no new process shows up, then SIGKILL.
3. SIGKILL to those that are found while the whole sandbox is stopped.
4. If that fails too, because something keeps waking them: SIGKILL to everything in the sandbox.
"""

import os
import signal
import time

from guest import processes

TERM_SECONDS = 2.0
TICK_SECONDS = 0.02
# How long SIGKILL is limited to the call's own processes before everything in the sandbox is killed.
_KILL_SECONDS = 2.0
# How often a scan that finds nothing new is repeated with the sandbox stopped until the keeper reports.
_SURE_SECONDS = 0.2

# Stands for a keeper's process id: the processes that have lost their keeper.
STRAYS = 0


class _Ending:
    def __init__(self, is_gentle):
        now = time.monotonic()
        self.kills_at = now + TERM_SECONDS if is_gentle else now
        self.gives_up_at = self.kills_at + _KILL_SECONDS
        self.asked = set()
        # The ids of the processes that were sent SIGKILL.
        self.killed = set()
        # What the last scan with the sandbox stopped found, when that was, and whether it found nothing new.
        self.last = None
        self.looked_at = 0.0
        self.is_stuck = False

    def harden(self):
        now = time.monotonic()
        if self.kills_at > now:
            self.kills_at, self.gives_up_at = now, now + _KILL_SECONDS

    def see(self, killed, is_whole):
        """Records what was killed while the sandbox was stopped."""
        self.killed |= {pid for pid, _ in killed}
        self.is_stuck = is_whole and self.last is not None and killed <= self.last
        self.last = killed
        self.looked_at = time.monotonic()


class Endings:
    """The process trees that are being ended now, by the process id of their keeper."""

    def __init__(self, own_children):
        """`own_children()` returns the process ids of the guest's own children."""
        self._own_children = own_children
        # Keyed by the process id of the keeper.
        self.under_way = {}

    def __contains__(self, pid):
        return pid in self.under_way

    def begin(self, pids, is_gentle=False):
        """Starts to end everything below the keepers `pids`, which may include `STRAYS`."""
        for pid in pids:
            if pid not in self.under_way:
                self.under_way[pid] = _Ending(is_gentle)
            elif not is_gentle:
                self.under_way[pid].harden()

    def is_over(self, pid):
        """Records that nothing is left below a keeper, or that the keeper itself is gone.

        Returns whether its processes were being ended.
        """
        return self.under_way.pop(pid, None) is not None

    def kill_everything(self, pids):
        """Kills all processes except the guest's own before it returns, then keeps ending those below `pids`."""
        self.begin(pids)
        own = {os.getpid(), *self._own_children()}
        self._kill_frozen(self.under_way, lambda parents: parents.keys() - own)

    def step(self):
        """Scans and acts once. Returns whether everything in the sandbox had to be killed, keepers included."""
        now = time.monotonic()
        try:
            table = processes.Table()
        except OSError:
            # No descriptor is available for a scan. Steps that don't need one are still possible.
            table = None
        if table:
            self._act(table, now)
        late = {pid: ending for pid, ending in self.under_way.items() if now >= ending.gives_up_at}
        for pid, ending in late.items():
            ending.gives_up_at = now + _KILL_SECONDS
            if ending.is_stuck and pid == STRAYS:
                del self.under_way[pid]
            elif ending.is_stuck:
                # The remaining processes can't run any more: they wait in the kernel, or the keeper fails to report.
                processes.send(pid, signal.SIGKILL)
        if all(ending.is_stuck for ending in late.values()):
            return False
        processes.send_to_all(signal.SIGKILL)
        return True

    def _act(self, table, now):
        fresh, unsure = {}, {}
        for pid, ending in list(self.under_way.items()):
            found = self._find(table.parents, pid)
            if pid == STRAYS and not found and table.is_whole:
                del self.under_way[pid]
            elif now < ending.kills_at:
                # Parents first: otherwise a shell would have time to report that its command was terminated.
                for other in sorted(found - ending.asked, key=lambda pid: (table.starts[pid], pid)):
                    processes.send(other, signal.SIGTERM)
                    # A stopped process handles SIGTERM only once it continues.
                    processes.send(other, signal.SIGCONT)
                ending.asked |= found
            elif found and not ending.killed:
                fresh[pid] = ending
            elif found - ending.killed or now - ending.looked_at > _SURE_SECONDS:
                unsure[pid] = ending
        if fresh:
            killed = processes.kill_stopped(lambda parents: self._find_all(parents, fresh))
            for ending in fresh.values():
                ending.killed |= killed
                ending.looked_at = now
        if unsure:
            self._kill_frozen(unsure, lambda parents: self._find_all(parents, unsure))

    def _kill_frozen(self, endings, find):
        try:
            killed, is_whole = processes.kill_frozen(find, set(self._own_children()))
        except OSError:
            return
        for ending in endings.values():
            ending.see(killed, is_whole)

    def _find(self, parents, pid):
        if pid != STRAYS:
            return processes.descendants(parents, {pid})
        own = self._own_children()
        roots = {child for child, parent in parents.items() if parent == os.getpid() and child not in own}
        return roots | processes.descendants(parents, roots)

    def _find_all(self, parents, pids):
        return set().union(*(self._find(parents, pid) for pid in pids))
