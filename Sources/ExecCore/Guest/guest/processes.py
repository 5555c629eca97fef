"""Finds the descendants of a process, and kills them so that none escapes."""

import os
import signal

# The CPU time up to which a process counts as starved, in ticks of 10 ms.
_STARVED_TICKS = 2


class Table:
    """A scan of the sandbox's processes in /proc, read one after the other while they keep running.

    Raises `OSError` if no descriptor is available.
    """

    __slots__ = ("groups", "is_whole", "parents", "running", "starts", "starved", "stopped")

    def __init__(self):
        # The parent, the process group and the start time of each living process. The start time detects a reused
        # process id.
        self.parents = {}
        self.groups = {}
        self.starts = {}
        self.stopped = set()
        # Processes that are runnable or wait for the disk, and those of them that have hardly had any CPU time.
        self.running = set()
        self.starved = set()
        # Whether no process exited during the scan: one that did may have left a child that the scan missed.
        self.is_whole = True
        for name in os.listdir("/proc"):
            if name[0] in "123456789":
                self._read(name)

    def _read(self, name):
        try:
            descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
        except (FileNotFoundError, ProcessLookupError):
            self.is_whole = False
            return
        try:
            stat = os.read(descriptor, 4096)
            # The name in parentheses may contain spaces and parentheses, so count fields from the last parenthesis.
            fields = stat[stat.rindex(b")") + 2 :].split()
            state, parent, group, threads = fields[0], int(fields[1]), int(fields[2]), int(fields[17])
            start = int(fields[19])
            ticks = int(fields[11]) + int(fields[12])
        except (OSError, ValueError, IndexError):
            self.is_whole = False
            return
        finally:
            os.close(descriptor)
        # A process whose first thread has exited looks like a zombie while its other threads still run.
        if state in (b"Z", b"X") and threads <= 1:
            return
        pid = int(name)
        self.parents[pid] = parent
        self.groups[pid] = group
        self.starts[pid] = start
        if state in (b"T", b"t"):
            self.stopped.add(pid)
        elif state in (b"R", b"D"):
            self.running.add(pid)
            if ticks <= _STARVED_TICKS:
                self.starved.add(pid)


def ancestors(pid):
    """Yields the process and its ancestors, the nearest first, without process 1."""
    seen = set()
    while pid > 1 and pid not in seen:
        seen.add(pid)
        yield pid
        pid = _parent(pid)


def exists(pid):
    """Tells whether there is a process with this id, which may have ended without being waited for."""
    return os.path.exists(f"/proc/{pid}")


def _parent(pid):
    """Returns the id of the parent; 0 if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read(4096)
        return int(stat[stat.rindex(b")") + 2 :].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def descendants(parents, roots):
    """Returns the ids of all descendants of `roots`, without the roots."""
    children = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = set(), list(roots)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


def signal_all(number):
    """Signals every other process of the sandbox, in a single kernel pass that no fork can escape.

    Does nothing unless this is process 1: outside a sandbox it would signal the whole machine.
    """
    if os.getpid() == 1:
        send_signal(-1, number)


def freeze_everything():
    """Stops all other processes. Returns those that were already stopped; None if that can't be determined."""
    try:
        before = Table().stopped
    except OSError:
        before = None
    signal_all(signal.SIGSTOP)
    return before


def thaw_everything(before):
    """Continues the processes that `freeze_everything` has stopped; `before` is what it returned."""
    try:
        table = Table() if before else None
    except OSError:
        table = None
    _continue_everything(table, before)


def _continue_everything(table, before, own=frozenset()):
    """Continues the processes of the sandbox, except those that were stopped `before`; `own` in any case. Without a
    table it continues all.

    A process that was just being forked has got the signal that stopped everything as well, but may appear after any
    scan. A signal to process ids would miss it, and it would stay stopped for good. One to all, or to the group that it
    is in with its parent, also reaches what is being forked.
    """
    if not before or table is None:
        signal_all(signal.SIGCONT)
        return
    continued = (table.parents.keys() - before) | own
    groups = {table.groups[pid] for pid in continued & table.groups.keys()}
    # Not to groups in which something is to stay stopped. The number of this process's own group, 1, would mean all.
    for group in groups - {table.groups[pid] for pid in before & table.groups.keys()} - {0, 1}:
        send_signal(-group, signal.SIGCONT)
    for pid in continued:
        send_signal(pid, signal.SIGCONT)


def kill_stopped(find):
    """Kills all processes that `find(parents)` returns, and those that they start meanwhile. Returns their ids.

    Stops them first, round by round until no new one shows up: a stopped process can't fork, whereas killing one by one
    would make room for the next child of a fork bomb. A process that forks faster than the scans escapes.
    """
    stopped = set()
    for _ in range(50):
        new = find(Table().parents) - stopped
        if not new:
            break
        for pid in new:
            send_signal(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        send_signal(pid, signal.SIGKILL)
    return stopped


def kill_frozen(find, own):
    """Kills all processes that `find(parents)` returns while every other process of the sandbox is stopped.

    Everything is stopped in a single pass under the kernel's lock, so a process that is just being forked gets the
    signal too. Afterwards the survivors continue, unless they were stopped before; `own` continue in any case.

    Returns the killed processes as pairs of id and start time, and whether the scan was certainly complete.
    """
    before = Table().stopped
    signal_all(signal.SIGSTOP)
    table = None
    found = set()
    try:
        table = Table()
        found = find(table.parents)
        for pid in found:
            send_signal(pid, signal.SIGKILL)
    finally:
        _continue_everything(table, before, own)
    return {(pid, table.starts[pid]) for pid in found}, table.is_whole
