"""Ending all that is below a keeper, until the kernel says that nothing is left of it.

The look at the processes only says whom to signal. A keeper is a subreaper, so that nothing is left below it exactly
when it has no child any more, and that it reports. A process that outruns one look is met by a harder one:

1. SIGTERM to each, so that a program can tidy up.
2. SIGKILL two seconds later, or at once, to those that were stopped one by one.
3. SIGKILL to those that are found while the whole sandbox is stopped.
4. Where that does not do either, because something keeps waking them: SIGKILL to everything in the sandbox.
"""

import os
import signal
import time

from guest import processes

TERM_SECONDS = 2.0
TICK_SECONDS = 0.02
# How long SIGKILL is tried on what belongs to the call alone.
_KILL_SECONDS = 2.0
# A look that finds nothing new is made sure of so often while the keeper's word is not there.
_SURE_SECONDS = 0.2

# What lost its keeper, in place of the keeper's id.
STRAYS = 0


class _Ending:
    def __init__(self, is_gentle):
        now = time.monotonic()
        self.kills_at = now + TERM_SECONDS if is_gentle else now
        self.gives_up_at = self.kills_at + _KILL_SECONDS
        self.asked = set()
        # The ids of those that got SIGKILL.
        self.killed = set()
        # What the last look found while the sandbox was stopped, when that was, and whether it found nothing new.
        self.last = None
        self.looked_at = 0.0
        self.is_stuck = False

    def harden(self):
        now = time.monotonic()
        if self.kills_at > now:
            self.kills_at, self.gives_up_at = now, now + _KILL_SECONDS

    def see(self, killed, is_whole):
        """Takes what was killed while the sandbox was stopped."""
        self.killed |= {pid for pid, _ in killed}
        self.is_stuck = is_whole and self.last is not None and killed <= self.last
        self.last = killed
        self.looked_at = time.monotonic()


class Endings:
    """What is being ended now, by the ids of the keepers that it is below of."""

    def __init__(self, own_children):
        """`own_children()` gives the ids of the guest's own children."""
        self._own_children = own_children
        # Each by the id of its keeper.
        self.under_way = {}

    def __contains__(self, pid):
        return pid in self.under_way

    def begin(self, pids, is_gentle=False):
        """Begins to end what is below the keepers `pids`, or `STRAYS`."""
        for pid in pids:
            if pid not in self.under_way:
                self.under_way[pid] = _Ending(is_gentle)
            elif not is_gentle:
                self.under_way[pid].harden()

    def is_over(self, pid):
        """Takes the word that nothing is left below a keeper, or that it is gone itself.

        Returns whether that was waited for.
        """
        return self.under_way.pop(pid, None) is not None

    def kill_everything(self, pids):
        """Kills all that is not the guest's own, before this returns. Goes on with what is below the keepers `pids`."""
        self.begin(pids)
        own = {os.getpid(), *self._own_children()}
        self._kill_frozen(self.under_way, lambda parents: parents.keys() - own)

    def step(self):
        """Looks and acts once more. Returns whether everything in the sandbox had to be ended, keepers as well."""
        now = time.monotonic()
        try:
            table = processes.Table()
        except OSError:
            # Too many files are open to look. What needs no look can still be done.
            table = None
        if table:
            self._act(table, now)
        late = {pid: ending for pid, ending in self.under_way.items() if now >= ending.gives_up_at}
        for pid, ending in late.items():
            ending.gives_up_at = now + _KILL_SECONDS
            if ending.is_stuck and pid == STRAYS:
                del self.under_way[pid]
            elif ending.is_stuck:
                # What is there can run no more: it waits for the kernel, or the keeper does not say that it is gone.
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
                # Parents first: a shell whose command ends before it has time to say so.
                for other in sorted(found - ending.asked, key=lambda pid: (table.starts[pid], pid)):
                    processes.send(other, signal.SIGTERM)
                    # What is stopped acts on no other signal.
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
