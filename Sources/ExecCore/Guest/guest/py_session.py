"""The guest's side of one Python session: its process, the program that uses it, and those that wait for it."""

import os
import signal
import socket
import sys
import time

from guest import processes, py_display, py_program, workers

# What the process gets as its program reads the rest from its end of the control socket, and leaves no names behind.
_LOADER = '(lambda control: exec(control.recv(1 << 20), {"control": control}))(__import__("_socket").socket(fileno=3))'
_MODULES = (py_display, py_program)
_MAX_MESSAGE = 4096
# How often an interrupt is repeated, and how long the code may take to heed it before the session is ended.
_REPEAT_SECONDS = 2.5
_INTERRUPT_SECONDS = 5.0
# How long a process may take to exit whose socket is closed.
_EXIT_SECONDS = 1.0
# How long a session that is closed may take to exit by itself.
_CLOSE_SECONDS = 2.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Session:
    """A session from the start of its process to its end."""

    def __init__(self, name, worker):
        """Starts the process on `worker`. Raises `OSError` if that is not possible."""
        self.name = name
        self.worker = worker
        # The process's id, once the worker has reported it.
        self.pid = None
        self.started_at = self.changed_at = time.monotonic()
        # The client whose code runs, and those that wait.
        self.client = None
        self.waiting = []
        # Variables of the session: their number, and the names of some.
        self.count, self.names = 0, ""
        # Why it is being ended; None if it is not.
        self.reason = None
        # What is to be told once it has ended: clients that close or reset it.
        self.on_end = []
        self._interrupted_at = None
        self._kill_at = self._repeat_at = None
        # Why it is to be ended if it lets the time pass.
        self.overdue_reason = ""
        self._piece_start = 0
        # How many processes had been killed for lack of memory when the code began.
        self.kills = None
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.control.setblocking(False)
            self.control.send(_program())
            task = {"method": "run_program", "arguments": [sys.executable, "-c", _LOADER]}
            worker.send(workers.encode_task(task), [theirs.fileno()])
        except OSError:
            self.control.close()
            raise
        finally:
            theirs.close()

    @property
    def is_busy(self):
        return self.client is not None

    # Pieces of code

    def run(self, client):
        """Sends the code of a client. Raises `OSError` if the process is gone."""
        self.client = client
        self.changed_at = time.monotonic()
        self._piece_start = int(time.clock_gettime(time.CLOCK_BOOTTIME) * _TICKS)
        socket.send_fds(self.control, [b"run\0" + self.name.encode()], client.descriptors)
        client.close_descriptors()

    def read(self):
        """Returns the fields of a message of the process; None if there is none now, and [] if it is gone."""
        try:
            message = self.control.recv(_MAX_MESSAGE)
        except BlockingIOError:
            return None
        except OSError:
            return []
        return message.decode("utf-8", "replace").split("\0") if message else []

    def finish_piece(self, count, names):
        """Records that the code has ended. Returns the client, and ends what an interrupted piece has left running."""
        client, self.client = self.client, None
        self.changed_at = time.monotonic()
        self.count, self.names = count, names
        was_interrupted = self._interrupted_at is not None
        self._interrupted_at = self._kill_at = self._repeat_at = None
        if was_interrupted:
            self._end_children()
        return client

    def interrupt(self):
        """Interrupts the code that runs, which has some seconds to end."""
        if self.reason or self._interrupted_at is not None:
            return
        now = self._interrupted_at = time.monotonic()
        self._kill_at, self._repeat_at = now + _INTERRUPT_SECONDS, now + _REPEAT_SECONDS
        self.overdue_reason = f"was ended: it did not stop within {_INTERRUPT_SECONDS:g} seconds of an interrupt"
        self._signal(signal.SIGINT)

    def _signal(self, number):
        """Signals the code, and what it has started in its own process group, as a terminal does."""
        if not self.pid:
            return
        processes.send_signal(self.pid, number)
        for pid in self._started():
            try:
                if os.getpgid(pid) == self.pid:
                    os.kill(pid, number)
            except OSError:
                continue

    def _end_children(self):
        """Ends the processes that the last piece has started: an interrupt ends all of a command."""
        if self._started():
            processes.kill_stopped(lambda parents: self._started())

    def _started(self):
        """Returns the ids of the processes that the piece has started; none if they can't be determined."""
        try:
            table = processes.Table()
        except OSError:
            return set()
        below = processes.descendants(table.parents, {self.worker.pid}) - {self.pid}
        return {pid for pid in below if table.starts[pid] >= self._piece_start}

    # The end

    def close(self, reason):
        """Lets the process exit, if no code runs. Returns whether it may do so by itself."""
        self.reason = reason
        if self.is_busy:
            return False
        self._kill_at = time.monotonic() + _CLOSE_SECONDS
        try:
            self.control.send(b"quit")
        except OSError:
            return False
        return True

    def await_exit(self):
        """Gives the process, whose socket is closed, time to exit."""
        self._repeat_at = None
        self._kill_at = time.monotonic() + _EXIT_SECONDS
        self.overdue_reason = "was ended: its code has closed the socket to the sandbox"

    # Time

    def next_check(self):
        times = [at for at in (self._kill_at, self._repeat_at) if at is not None]
        return min(times + [client.deadline for client in self.waiting], default=None)

    def is_overdue(self, now):
        """Repeats an interrupt that is not heeded. Returns whether the process had all the time that it may have."""
        if self._repeat_at is not None and now >= self._repeat_at:
            self._repeat_at = None
            self._signal(signal.SIGINT)
        if self._kill_at is None or now < self._kill_at:
            return False
        self._kill_at = None
        return True

    # What is said of it

    def lost(self):
        """Returns the variables that end with it, for a sentence; empty if there are none."""
        if not self.count:
            return ""
        named = f" ({self.names})" if self.names else ""
        return f"{self.count} variable{'' if self.count == 1 else 's'}{named}"

    def row(self, now):
        """Returns its line of the list: name, state, since when, started, variables, memory."""
        state = "running" if self.client else "idle"
        if self.waiting:
            state += f" ({len(self.waiting)} waiting)"
        since, started = duration(now - self.changed_at), duration(now - self.started_at)
        return self.name, state, since, started, str(self.count), self._memory()

    def _memory(self):
        try:
            with open(f"/proc/{self.pid}/statm") as file:
                return f"{int(file.read().split()[1]) * _PAGE / 1_048_576:.0f} MB"
        except (OSError, ValueError, IndexError):
            return "?"


def duration(seconds):
    """Returns a time span in words, in its largest unit."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{int(seconds / unit)} {name}"
    return f"{int(seconds)} s"


def _program():
    """Returns the text that the loader runs: the modules, and their start."""
    sources = [(f"_{module.__name__.rpartition('.')[2]}", module.__source__) for module in _MODULES]
    return (
        "import sys\n"
        "modules = []\n"
        f"for name, source in {sources!r}:\n"
        "    modules.append(type(sys)(name))\n"
        "    exec(compile(source, f'<{name}>', 'exec'), modules[-1].__dict__)\n"
        "modules[1].main(control, modules[0])\n"
    ).encode()
