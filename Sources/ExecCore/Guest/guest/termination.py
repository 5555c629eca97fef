"""Ends everything below a worker, until the kernel confirms that nothing is left.

Scanning /proc only finds the processes to signal. Completion is certain because a worker is a subreaper: nothing is
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
# How often a scan that finds nothing new is repeated with the sandbox stopped until the worker reports.
_RECHECK_SECONDS = 0.2

# Stands for a worker's process id: the processes that have lost their worker.
ORPHANS = 0


class _Termination:
    def __init__(self, is_graceful):
        now = time.monotonic()
        self.kill_at = now + TERM_SECONDS if is_graceful else now
        self.give_up_at = self.kill_at + _KILL_SECONDS
        self.terminated = set()
        # The ids of the processes that were sent SIGKILL.
        self.killed = set()
        # What the last scan with the sandbox stopped found, when that was, and whether it found nothing new.
        self.last_found = None
        self.scanned_at = 0.0
        self.is_stuck = False

    def skip_grace(self):
        now = time.monotonic()
        if self.kill_at > now:
            self.kill_at, self.give_up_at = now, now + _KILL_SECONDS

    def record_kill(self, killed, is_whole):
        """Records what was killed while the sandbox was stopped."""
        self.killed |= {pid for pid, _ in killed}
        self.is_stuck = is_whole and self.last_found is not None and killed <= self.last_found
        self.last_found = killed
        self.scanned_at = time.monotonic()


class Terminator:
    """The process trees that are being ended now, by the process id of their worker."""

    def __init__(self, own_children):
        """`own_children()` returns the process ids of the guest's own children."""
        self._own_children = own_children
        # Keyed by the process id of the worker.
        self.in_progress = {}

    def __contains__(self, pid):
        return pid in self.in_progress

    def start(self, pids, is_graceful=False):
        """Starts to end everything below the workers `pids`, which may include `ORPHANS`."""
        for pid in pids:
            if pid not in self.in_progress:
                self.in_progress[pid] = _Termination(is_graceful)
            elif not is_graceful:
                self.in_progress[pid].skip_grace()

    def finish(self, pid):
        """Records that nothing is left below a worker, or that the worker itself is gone.

        Returns whether its processes were being ended.
        """
        return self.in_progress.pop(pid, None) is not None

    def kill_everything(self, pids):
        """Kills all processes except the guest's own before it returns, then keeps ending those below `pids`."""
        self.start(pids)
        own = {os.getpid(), *self._own_children()}
        self._kill_frozen(self.in_progress, lambda parents: parents.keys() - own)

    def step(self):
        """Scans and acts once. Returns whether everything in the sandbox had to be killed, workers included."""
        now = time.monotonic()
        try:
            table = processes.Table()
        except OSError:
            # No descriptor is available for a scan. Steps that don't need one are still possible.
            table = None
        if table:
            self._signal(table, now)
        overdue = {pid: termination for pid, termination in self.in_progress.items() if now >= termination.give_up_at}
        for pid, termination in overdue.items():
            termination.give_up_at = now + _KILL_SECONDS
            if termination.is_stuck and pid == ORPHANS:
                del self.in_progress[pid]
            elif termination.is_stuck:
                # The remaining processes can't run any more: they wait in the kernel, or the worker fails to report.
                processes.send_signal(pid, signal.SIGKILL)
        if all(termination.is_stuck for termination in overdue.values()):
            return False
        processes.signal_all(signal.SIGKILL)
        return True

    def _signal(self, table, now):
        fresh, unsure = {}, {}
        for pid, termination in list(self.in_progress.items()):
            found = self._find(table.parents, pid)
            if pid == ORPHANS and not found and table.is_whole:
                del self.in_progress[pid]
            elif now < termination.kill_at:
                # Parents first: otherwise a shell would have time to report that its command was terminated.
                for other in sorted(found - termination.terminated, key=lambda pid: (table.starts[pid], pid)):
                    processes.send_signal(other, signal.SIGTERM)
                    # A stopped process handles SIGTERM only once it continues.
                    processes.send_signal(other, signal.SIGCONT)
                termination.terminated |= found
            elif found and not termination.killed:
                fresh[pid] = termination
            elif found - termination.killed or now - termination.scanned_at > _RECHECK_SECONDS:
                unsure[pid] = termination
        if fresh:
            killed = processes.kill_stopped(lambda parents: self._find_all(parents, fresh))
            for termination in fresh.values():
                termination.killed |= killed
                termination.scanned_at = now
        if unsure:
            self._kill_frozen(unsure, lambda parents: self._find_all(parents, unsure))

    def _kill_frozen(self, terminations, find):
        try:
            killed, is_whole = processes.kill_frozen(find, set(self._own_children()))
        except OSError:
            return
        for termination in terminations.values():
            termination.record_kill(killed, is_whole)

    def _find(self, parents, pid):
        if pid != ORPHANS:
            return processes.descendants(parents, {pid})
        own = self._own_children()
        roots = {child for child, parent in parents.items() if parent == os.getpid() and child not in own}
        return roots | processes.descendants(parents, roots)

    def _find_all(self, parents, pids):
        return set().union(*(self._find(parents, pid) for pid in pids))
