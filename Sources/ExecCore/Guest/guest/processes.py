"""Finding and ending every process of a command, however it detached.

Each command's shell is a child subreaper: whatever detaches stays in its tree as long as the shell lives. What the
shell leaves behind at its own end becomes a child of the guest: an honest background job, unless the command was being
ended at that moment.
"""

import os
import signal
import time

CALL_VARIABLE = "EXEC_MCP_CALL"

TERM_SECONDS = 2.0
GIVE_UP_SECONDS = 6.0
TICK_SECONDS = 0.02


class Process:
    __slots__ = ("parent", "start", "session", "state")

    def __init__(self, stat):
        # The name in parentheses may hold spaces and parentheses: fields are counted from the last one.
        fields = stat[stat.rindex(b")") + 2 :].split()
        self.state = fields[0]
        self.parent = int(fields[1])
        self.session = int(fields[3])
        self.start = int(fields[19])


def process_table():
    """All living processes by id; zombies are left out, they hold nothing."""
    table = {}
    for name in os.listdir("/proc"):
        if name[0] in "123456789":
            try:
                descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
                try:
                    process = Process(os.read(descriptor, 4096))
                finally:
                    os.close(descriptor)
            except (OSError, ValueError, IndexError):
                continue
            if process.state not in b"ZX":
                table[int(name)] = process
    return table


def descendants(table, roots):
    """The ids of all processes below `roots`, the roots left out."""
    children = {}
    for pid, process in table.items():
        children.setdefault(process.parent, []).append(pid)
    found, waiting = set(), list(roots)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def call_of(pid):
    """The call that a process says it belongs to, by its environment; None where it says nothing."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            for setting in file.read(1 << 20).split(b"\0"):
                name, _, value = setting.partition(b"=")
                if name == CALL_VARIABLE.encode():
                    return int(value)
    except (OSError, ValueError):
        pass
    return None


def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


def kill_all(find):
    """Kills all that `find(table)` names, and what those start meanwhile.

    They are stopped first, round by round until no new one shows up: what is stopped cannot fork, and what dies one by
    one makes room for the next child of a fork bomb.
    """
    stopped = set()
    for _ in range(50):
        fresh = find(process_table()) - stopped
        if not fresh:
            break
        for pid in fresh:
            send(pid, signal.SIGSTOP)
        stopped |= fresh
    for pid in stopped:
        send(pid, signal.SIGKILL)
    return len(stopped)


class Termination:
    """Ends one command: SIGTERM to its every process, SIGKILL two seconds later, until none is left."""

    def __init__(self, call, shell, background, busy):
        """`background`: ids of jobs that earlier commands left; `busy`: ids of the guest's other children."""
        self.call = call
        self.shell = shell
        self._background = background
        self._known = {}
        self._sessions = {shell}
        self._start = time.monotonic()
        self._killing = False
        for pid in self._find(process_table(), busy):
            send(pid, signal.SIGTERM)
            send(pid, signal.SIGCONT)

    def step(self, busy):
        """Looks and acts once more.

        Returns whether the command's processes are gone, or are beyond what a signal can end.
        """
        elapsed = time.monotonic() - self._start
        if elapsed > GIVE_UP_SECONDS:
            return True
        if elapsed > TERM_SECONDS:
            self._killing = True
        if self._killing:
            return kill_all(lambda table: self._find(table, busy)) == 0
        known = set(self._known)
        found = self._find(process_table(), busy)
        for pid in found - known:
            send(pid, signal.SIGTERM)
        return not found

    def _find(self, table, busy):
        """The ids of the command's living processes."""
        roots = {pid for pid, start in self._known.items() if pid in table and table[pid].start == start}
        if self.shell in table:
            roots.add(self.shell)
        guest = os.getpid()
        for pid, process in table.items():
            if process.parent == guest and pid not in busy and pid not in roots and pid not in self._background:
                if self._owns(pid, process):
                    roots.add(pid)
        found = roots | descendants(table, roots)
        for pid in found:
            self._known[pid] = table[pid].start
            self._sessions.add(table[pid].session)
        return found

    def _owns(self, pid, process):
        """Whether an orphan that turned up meanwhile is this command's. One that hides its origin is."""
        if process.session in self._sessions:
            return True
        call = call_of(pid)
        return call == self.call or call is None
