"""Finding and ending every process below another one."""

import os
import signal
import time

TERM_SECONDS = 2.0
GIVE_UP_SECONDS = 6.0
TICK_SECONDS = 0.02


def process_table():
    """The parent of each living process; zombies are left out, they hold nothing."""
    table = {}
    for name in os.listdir("/proc"):
        if name[0] in "123456789":
            try:
                descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
                try:
                    stat = os.read(descriptor, 4096)
                finally:
                    os.close(descriptor)
                # The name in parentheses may hold spaces and parentheses: fields are counted from the last one.
                state, parent = stat[stat.rindex(b")") + 2 :].split(None, 2)[:2]
            except (OSError, ValueError):
                continue
            if state not in (b"Z", b"X"):
                table[int(name)] = int(parent)
    return table


def descendants(table, roots):
    """The ids of all processes below `roots`, the roots left out."""
    children = {}
    for pid, parent in table.items():
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


def freeze_everything():
    """Stops all processes but the caller at once: what forks meanwhile is stopped on both sides."""
    _send_to_all(signal.SIGSTOP)


def thaw_everything():
    """Lets all processes go on."""
    _send_to_all(signal.SIGCONT)


def _send_to_all(number):
    if os.getpid() != 1:
        # Outside of a sandbox "all" would be everything of this user on the machine.
        raise RuntimeError("only process 1 of a sandbox signals everything")
    send(-1, number)


def end_everything_but(spared):
    """Kills all processes but process 1 and the `spared`, which go on. None that are killed can have started another.

    Nothing is looked for below anything else: whatever a process has done, it is among all.
    """
    killed = set()
    for _ in range(50):
        freeze_everything()
        fresh = {int(name) for name in os.listdir("/proc") if name.isdecimal()} - spared - killed - {os.getpid()}
        if not fresh:
            break
        for pid in fresh:
            send(pid, signal.SIGKILL)
        killed |= fresh
    else:
        # Something is not stopped by a stop. Keepers can be started anew.
        _send_to_all(signal.SIGKILL)
    for pid in spared:
        send(pid, signal.SIGCONT)


def kill_all(find):
    """Kills all that `find(table)` names, and what those start meanwhile. Returns how many there were.

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
    """Ends all below a keeper: SIGTERM to every process, SIGKILL two seconds later, until none is left."""

    def __init__(self, keeper):
        self._keeper = keeper
        self._start = time.monotonic()
        self._asked = set()
        self.step()

    def step(self):
        """Looks and acts once more.

        Returns whether all are gone, or are beyond what a signal can end.
        """
        elapsed = time.monotonic() - self._start
        if elapsed > GIVE_UP_SECONDS:
            return True
        if elapsed > TERM_SECONDS:
            return kill_all(self._find) == 0
        found = self._find(process_table())
        for pid in found - self._asked:
            send(pid, signal.SIGTERM)
            # What is stopped acts on no other signal.
            send(pid, signal.SIGCONT)
        self._asked |= found
        return not found

    def _find(self, table):
        return descendants(table, {self._keeper})
