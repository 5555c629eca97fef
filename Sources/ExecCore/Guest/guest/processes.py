"""Finding processes below another one, and killing them so that none gets away."""

import os
import signal

# So much of the processor a short program takes, in ticks of 10 ms.
_FEW_TICKS = 2


class Table:
    """The processes of the sandbox, as /proc shows them one after the other while they go on.

    Raises `OSError` if there is no descriptor to read it with.
    """

    __slots__ = ("is_whole", "parents", "running", "starts", "starved", "stopped")

    def __init__(self):
        # The parent of each living process, and when it was started, which tells two apart that had one id.
        self.parents = {}
        self.starts = {}
        self.stopped = set()
        # Those that want the processor, or the disk, and those of them that have hardly had it yet.
        self.running = set()
        self.starved = set()
        # Whether none went away while this was read: one that did may have left another behind that was passed.
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
            # The name in parentheses may hold spaces and parentheses: fields are counted from the last one.
            fields = stat[stat.rindex(b")") + 2 :].split()
            state, parent, threads, start = fields[0], int(fields[1]), int(fields[17]), int(fields[19])
            ticks = int(fields[11]) + int(fields[12])
        except (OSError, ValueError, IndexError):
            self.is_whole = False
            return
        finally:
            os.close(descriptor)
        # A process whose first thread has ended looks like a dead one, though others of its threads live on.
        if state in (b"Z", b"X") and threads <= 1:
            return
        pid = int(name)
        self.parents[pid] = parent
        self.starts[pid] = start
        if state in (b"T", b"t"):
            self.stopped.add(pid)
        elif state in (b"R", b"D"):
            self.running.add(pid)
            if ticks <= _FEW_TICKS:
                self.starved.add(pid)


def descendants(parents, roots):
    """The ids of all processes below `roots`, the roots left out."""
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


def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


def send_to_all(number):
    """Signals every process of the sandbox but this one, in one pass that no fork gets by.

    Only process 1 of a sandbox does that: elsewhere it would mean the whole machine.
    """
    if os.getpid() == 1:
        send(-1, number)


def freeze_everything():
    """Stops all processes but this one. Returns those that were stopped before; None if that cannot be seen."""
    try:
        before = Table().stopped
    except OSError:
        before = None
    send_to_all(signal.SIGSTOP)
    return before


def thaw_everything(before):
    """Lets all go on that `freeze_everything` has stopped, which returned `before`."""
    try:
        for pid in Table().parents.keys() - before:
            send(pid, signal.SIGCONT)
    except (OSError, TypeError):
        send_to_all(signal.SIGCONT)


def kill_stopped(find):
    """Kills all that `find(parents)` names, and what those start meanwhile. Returns their ids.

    They are stopped first, round by round until no new one shows up: what is stopped cannot fork, and what dies one by
    one makes room for the next child of a fork bomb. One that is quicker than the looks gets away.
    """
    stopped = set()
    for _ in range(50):
        fresh = find(Table().parents) - stopped
        if not fresh:
            break
        for pid in fresh:
            send(pid, signal.SIGSTOP)
        stopped |= fresh
    for pid in stopped:
        send(pid, signal.SIGKILL)
    return stopped


def kill_frozen(find, ours):
    """Kills all that `find(parents)` names while nothing in the sandbox runs but this process.

    Everything is stopped in one pass under the kernel's lock: a process that is just being forked gets the signal too.
    What is not killed goes on afterwards, unless it was stopped before; `ours` go on in any case.

    Returns what was killed, as pairs of id and start, and whether that was all for certain.
    """
    before = Table().stopped
    send_to_all(signal.SIGSTOP)
    table = None
    found = set()
    try:
        table = Table()
        found = find(table.parents)
        for pid in found:
            send(pid, signal.SIGKILL)
    finally:
        if table is None:
            send_to_all(signal.SIGCONT)
        else:
            for pid in (table.parents.keys() - found - before) | ours:
                send(pid, signal.SIGCONT)
    return {(pid, table.starts[pid]) for pid in found}, table.is_whole
