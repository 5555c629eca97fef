"""Instant imports: a snapshot of a Python process that has already imported what this sandbox's programs use.

With --python instant alone, a directory of the image comes first in PATH, whose `python3` is a launcher. If a program
imports large packages, the launcher asks here for a snapshot and becomes a copy of it; without one it runs the real
interpreter. The snapshot is made by a process of its own (the preloader, which is part of the image) when nothing else
is to be done. Another process holds it, which the kernel ends first if memory runs out, and the snapshot with it.

All of this runs as the sandbox's user: what makes a snapshot, and what becomes a copy, can do what a command can.
"""

import fcntl
import mmap
import os
import re
import select
import signal
import socket
import stat
import time

from guest import processes, system

# As in the launcher: in the abstract namespace, which needs no file.
SOCKET = "\0exec-mcp-python"
_PROGRAMS = "/usr/libexec/exec-mcp/bin"
_PRELOADER = "/usr/libexec/exec-mcp/preloader.so"
_INTERPRETER = "/usr/libexec/exec-mcp/interpreter"

# What a new sandbox's programs will most likely import.
_START_SET = ("numpy", "pandas", "matplotlib.pyplot")
_MAX_NAMES = 64
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]{0,99}", re.ASCII)
_MESSAGE_SIZE = 4096
# What programs have imported, for the user's next sandbox.
_KEPT = os.path.join(os.environ.get("PYTHONUSERBASE", "/workspace/.sandbox"), "python-imports")
# Importing takes memory twice: in the preloader and in the snapshot.
_MEMORY_NEEDED = 450 << 20
_IDLE_SECONDS = 0.05
_MAX_LOADS = 8
_LOAD_SECONDS = 240.0
# The exit code of a preloader whose copies do not run, which another attempt would not change.
_CANNOT_COPY = 5
_NICENESS = 10
_OOM_SCORE = b"1000"
_BACKLOG = 64
_RECEIVE_SECONDS = 1.0
_SEALS = 0x1 | 0x2 | 0x4 | 0x8  # F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE
_F_ADD_SEALS = 1033


class InstantPython:
    """The snapshot of a sandbox: what it is to hold, the process that makes it, and the one that hands it out."""

    def __init__(self, config, oom_score):
        self._oom_score = oom_score
        self._is_on = os.path.exists(_PRELOADER)
        self._memory_limit = config["memory_bytes"]
        self._is_ahead = config["python_ahead"]
        # The modules to import, the newest last, and those of them in the snapshot.
        self._names = dict.fromkeys(_START_SET)
        self._loaded = set()
        # Modules that no snapshot can hold, as far as attempts have shown.
        self._refused = set()
        self._kept = []  # The names that the workspace's file has.
        self._is_wanted = False
        self._loads_left = _MAX_LOADS
        # The preloader: its process id, its output, and the file in memory that it writes.
        self._preloader = None
        self._preloader_output = self._file = None
        self._give_up_at = 0.0
        # How many processes the kernel had killed when the last of ours was started.
        self._kills_before = None
        # The process that hands out the snapshot, and the socket over which it tells what was asked for.
        self._holder = None
        self._requests = None
        self._listener = None
        # Launchers that have connected and said nothing yet.
        self._asking = {}

    def attach(self, guest):
        self._loop = guest.loop
        self._calls = guest.calls
        self._dispatcher = guest.dispatcher
        self._log = guest.channel.log

    def start(self):
        """Opens the socket, and puts the launcher into PATH. Called before the first worker is started."""
        if not self._is_on:
            self._log("Python starts as always: the image lacks what --python instant needs")
            return
        try:
            self._interpreter = os.readlink(_INTERPRETER)
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(SOCKET)
            self._listener.listen(_BACKLOG)
            self._listener.setblocking(False)
        except OSError as error:
            self._log(f"Python starts without its snapshot: {error.strerror}")
            self._listener = None
            return
        os.environ["PATH"] = f"{_PROGRAMS}:{os.environ.get('PATH', os.defpath)}"
        self._kept = kept_names()
        self._learn(self._kept)
        self._is_wanted = self._is_ahead
        self._listen()

    @property
    def pids(self):
        """The process that hands out the snapshot: code of the guest's own, as the workers are."""
        return {self._holder} if self._holder else set()

    def seconds_to_wait(self):
        """Returns the seconds until `continue_loading` should be called; None if there is nothing to do."""
        if self._preloader:
            return max(0.0, self._give_up_at - time.monotonic())
        return _IDLE_SECONDS if self._is_due else None

    @property
    def _is_due(self):
        return self._is_wanted and self._loads_left > 0 and not self._preloader and not self._calls

    def continue_loading(self, is_idle):
        """Starts the preloader if one is due and the event loop `is_idle`; ends one that takes too long."""
        if self._preloader and time.monotonic() >= self._give_up_at:
            # With what it has started. It leads a group of its own.
            processes.send_signal(-self._preloader, signal.SIGKILL)
            self._give_up_at = time.monotonic() + _LOAD_SECONDS
        elif is_idle and self._is_due:
            self._is_wanted = False
            if self._memory_limit - system.memory_used() >= _MEMORY_NEEDED:
                self._loads_left -= 1
                self._load()

    def on_exit(self, pid, status):
        """Handles the exit of the process `pid`. Returns whether it was one of ours."""
        if pid in (self._preloader, self._holder) and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            # Perhaps by the kernel, to make room for a command, which nobody need know.
            self._dispatcher.ignore_kill(self._kills_before)
        if pid == self._preloader:
            self._preloader = None
            self._on_loaded(status)
            return True
        if pid == self._holder:
            self._holder = None
            self._close_requests()
            self._loaded = set()
            self._listen()
            return True
        return False

    # Requests

    def _listen(self):
        """Answers launchers here, for as long as no other process does."""
        self._loop.register(self._listener.fileno(), select.EPOLLIN, lambda events: self._on_request())

    def _on_request(self):
        """Accepts a launcher, which can't be given a snapshot yet."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if len(self._asking) >= _BACKLOG:
            self._answer(next(iter(self._asking)))
        self._asking[connection] = None
        # What it asks for may come later.
        self._loop.register(connection.fileno(), select.EPOLLIN, lambda events: self._answer(connection))

    def _answer(self, connection):
        """Notes what a launcher wants, and has it run the real interpreter."""
        self._loop.unregister(connection.fileno())
        del self._asking[connection]
        try:
            text = connection.recv(_MESSAGE_SIZE)
        except OSError:
            text = b""
        connection.close()
        self._note(text)

    def _on_forwarded(self):
        try:
            text = self._requests.recv(_MESSAGE_SIZE)
        except OSError:
            text = b""
        if text:
            self._note(text)
        else:
            # The process is gone; SIGCHLD reports the rest.
            self._loop.unregister(self._requests.fileno())

    def _learn(self, names):
        for name in names:
            # The newest last; the oldest give way. The start set stays first: which module adds what to sys.modules
            # without an import (Cython's extensions do) depends on the order.
            if name not in _START_SET and name not in self._refused:
                self._names.pop(name, None)
                self._names[name] = None
        while len(self._names) > _MAX_NAMES:
            del self._names[next(name for name in self._names if name not in _START_SET)]

    def _note(self, text):
        self._learn(_names_in(text))
        self._is_wanted = self._is_wanted or not self._holder or not self._loaded.issuperset(self._names)

    def _refuse(self, reason):
        """Leaves out what has made an attempt fail: the module that `reason` begins with, or all but the start set.
        Returns whether it left out anything."""
        package = reason.partition(" ")[0].partition(".")[0]
        refused = {name for name in self._loading if name.partition(".")[0] == package}
        refused = refused or self._loading.difference(_START_SET)
        self._refused |= refused
        self._names = {name: None for name in self._names if name not in self._refused}
        # The others may work.
        self._is_wanted = bool(refused and self._names)
        return bool(refused)

    # The preloader

    def _load(self):
        try:
            self._file = os.memfd_create("python-snapshot", os.MFD_CLOEXEC | 0x2)  # MFD_ALLOW_SEALING
            self._preloader_output, child_end = os.pipe()
        except OSError:
            self._close_load()
            return
        os.set_blocking(self._preloader_output, False)
        self._loading = set(self._names)
        try:
            self._preloader = self._fork()
        except OSError:
            os.close(child_end)
            self._close_load()
            return
        if self._preloader == 0:
            self._run_preloader(child_end)
        os.close(child_end)
        self._give_up_at = time.monotonic() + _LOAD_SECONDS

    def _fork(self):
        """Forks a process that the kernel ends first if memory runs out."""
        self._kills_before = self._dispatcher.kill_count()
        self._oom_score.raise_for_snapshot()
        try:
            pid = os.fork()
        except OSError:
            self._oom_score.lower_for_guest()
            raise
        if pid:
            self._oom_score.lower_for_guest()
        return pid

    def _run_preloader(self, output):
        """Becomes the preloader. Never returns."""
        try:
            os.dup2(output, 1)
            os.dup2(output, 2)
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            copy = fcntl.fcntl(self._file, fcntl.F_DUPFD, 100)
            os.dup2(copy, 3)
            os.closerange(4, 1 << 16)
            system.restore_file_limit()
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.setsid()
            os.nice(_NICENESS)
            os.chdir("/")
            environment = {**os.environ, "LD_PRELOAD": _PRELOADER}
            os.execve(self._interpreter, ["sandbox-python", "3", *self._names], environment)
        except BaseException:  # noqa: B036
            pass
        finally:
            os._exit(70)

    def _on_loaded(self, status):
        try:
            output = os.read(self._preloader_output, 1 << 16)
        except OSError:
            output = b""
        # The names that were imported. Anything else was said by a module, and a copy would not say it.
        is_quiet = output.endswith(b"\n") and output.count(b"\n") == 1
        try:
            if os.waitstatus_to_exitcode(status) == 0 and is_quiet:
                fcntl.fcntl(self._file, _F_ADD_SEALS, _SEALS)
                self._hold(_names_in(output))
            else:
                last = output.decode("utf-8", "replace").strip().rpartition("\n")[2]
                was_refused = self._refuse(last)
                if not was_refused and os.WIFEXITED(status) and os.WEXITSTATUS(status) == _CANNOT_COPY:
                    self._loads_left = 0
                self._log(f"Python's imports could not be preloaded: {last[:300] or status}")
        except OSError as error:
            self._log(f"Python's imports could not be preloaded: {error.strerror}")
        self._close_load()

    def _close_load(self):
        for descriptor in (self._file, self._preloader_output):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._preloader_output = None

    # The process that hands out the snapshot

    def _hold(self, imported):
        if self._holder:
            processes.send_signal(self._holder, signal.SIGKILL)
            self._close_requests()
        else:
            self._loop.unregister(self._listener.fileno())
        self._requests, child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._holder = self._fork()
        except OSError:
            self._holder = None
            child_end.close()
            self._close_requests()
            self._listen()
            raise
        names = [name for name in imported if name not in _START_SET]
        if self._holder == 0:
            _run_holder(self._file, self._listener, child_end, names if names != self._kept else None)
        child_end.close()
        self._requests.setblocking(False)
        self._loop.register(self._requests.fileno(), select.EPOLLIN, lambda events: self._on_forwarded())
        self._loaded, self._kept = self._loading, names
        size = os.fstat(self._file).st_size >> 20
        self._log(f"Python starts with its imports done, which takes {size} MB of memory: {' '.join(imported)}")
        # What was asked for meanwhile may be in it.
        self._is_wanted = not self._loaded.issuperset(self._names)

    def _close_requests(self):
        if self._requests is not None:
            self._loop.unregister(self._requests.fileno())
            self._requests.close()
            self._requests = None


def _names_in(text):
    """Returns the names of modules in a text, which comes from code in the sandbox."""
    return [name.decode() for name in text.split()[:_MAX_NAMES] if _NAME.fullmatch(name)]


def kept_names():
    """Returns the names that an earlier sandbox has left in the workspace; none if there is anything else."""
    try:
        descriptor = os.open(_KEPT, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            return _names_in(os.read(descriptor, 1 << 13)) if stat.S_ISREG(os.fstat(descriptor).st_mode) else []
        finally:
            os.close(descriptor)
    except OSError:
        return []


def keep_names(names):
    """Leaves names in the workspace for the next sandbox, if that can be done."""
    try:
        os.makedirs(os.path.dirname(_KEPT), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(f"{_KEPT}.new", flags, 0o644), "wb", buffering=0) as file:
            file.write("\n".join(names).encode())
        os.replace(f"{_KEPT}.new", _KEPT)
    except OSError:
        pass


def _run_holder(snapshot, listener, requests, names):
    """Hands out the snapshot, and keeps the names of what is in it unless they are None. Never returns."""
    try:
        kept = sorted((snapshot, listener.fileno(), requests.fileno()))
        first = 3
        for descriptor in kept:
            os.closerange(first, descriptor)
            first = descriptor + 1
        os.closerange(first, 1 << 16)
        system.set_process_name("sandbox-python")
        if names is not None:
            keep_names(names)  # Here, since nothing in the event loop may wait for the disk.
        # Its memory is what it maps, which the kernel then counts as its own.
        content = mmap.mmap(snapshot, 0, mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ)
        listener.setblocking(True)
        requests.setblocking(False)
        while content:
            connection, _ = listener.accept()
            try:
                connection.settimeout(_RECEIVE_SECONDS)
                text = connection.recv(_MESSAGE_SIZE)
                if text:
                    socket.send_fds(connection, [b"+"], [snapshot])
                    requests.send(text)
            except OSError:
                pass
            connection.close()
    except BaseException:  # noqa: B036
        pass
    finally:
        os._exit(0)
