"""System calls and facts that Python's standard library lacks: prctl, inotify, OOM score, facts about the sandbox."""

import ctypes
import gc
import os
import resource
import signal
import socket
import sys

from guest import limits

_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_COMMAND_OOM_SCORE = b"500"
_SNAPSHOT_OOM_SCORE = b"1000"
_GUEST_OOM_SCORE = b"0"

_SIGNAL_SET_SIZE = 128
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
# In bytes. More than one read from the channel, so that its block is reused instead of returned to the system.
_LARGE_BLOCK = 512 * 1024

# Where our own images look up user names (libnss-extrausers): a symbolic link to a writable directory.
_NAMES = "/var/lib/extrausers"

# Where the guest says why it ends: the engine's command line forwards it, and the server reports it.
error_output = 2

_FILE_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)

_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl
_Pair = ctypes.c_int * 2

# IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_ONLYDIR
_INOTIFY_EVENTS = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x01000000


def sandbox_facts(shell):
    """Returns the facts about the sandbox for the handshake with the server."""
    directories = ("/workspace", "/artifacts", "/tmp", "/output", os.environ.get("HOME", "/tmp"))
    unwritable = [directory for directory in directories if not os.access(directory, os.W_OK)]
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "shell": os.access(shell, os.X_OK),
        "unwritable": unwritable,
        "owners": {directory: os.stat(directory).st_uid for directory in unwritable if os.path.isdir(directory)},
        "limits": limits.limits(),
        "files": [_marker(directory) for directory in ("/tools", "/skills")],
    }


def _marker(directory):
    """Returns the digest of the files that the server has carried into this directory; empty if it has not."""
    try:
        with open(f"{directory}/.exec-mcp-files") as file:
            return file.read(64)
    except (OSError, ValueError):
        return ""


def prepare_process():
    """Sets up this process; the settings are inherited by processes forked from it."""
    set_process_name("sandbox-guest")
    _make_undumpable()
    _limit_heap_growth()
    _raise_file_limit()
    _write_user_names()
    _extend_path()
    _forget_cluster()


def hide_error_output():
    """Leaves the standard error to `error_output` alone, because it is recorded: what Python prints there (warnings,
    errors that nothing catches) and what libraries print may repeat what a user has sent. Inherited by processes forked
    from this one.
    """
    global error_output
    error_output = os.dup(2)
    null = os.open("/dev/null", os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


def _raise_file_limit():
    """Raises the open file limit to the hard limit: each call and each connection needs some descriptors."""
    _, hard_limit = _FILE_LIMIT
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))


def restore_file_limit():
    """Restores the original open file limit in a child: programs that use select(2) can't handle descriptors from 1024
    on.
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, _FILE_LIMIT)


def _write_user_names():
    """Names the user and group ids of this process, which /etc/passwd and /etc/group of the image don't contain."""
    user, group, home = os.getuid(), os.getgid(), os.environ.get("HOME", "/")
    directory = os.path.realpath(_NAMES)
    try:
        os.makedirs(directory, exist_ok=True)
        for name, line in (("passwd", f"{user}:{group}::{home}:/bin/bash"), ("group", f"{group}:")):
            with open(os.path.join(directory, name), "w") as file:
                file.write(f"coderunner:x:{line}\n")
    except OSError:
        # A custom image without this directory works without the names.
        pass


def _extend_path():
    """Appends the directory of commands installed by pip for the user to PATH, so that they hide no system commands."""
    base = os.environ.get("PYTHONUSERBASE")
    if base and os.environ.get("PATH"):
        os.environ["PATH"] += f":{base}/bin"


def _forget_cluster():
    """Removes the addresses of a cluster from the environment, since commands have no use for them."""
    for name in [name for name in os.environ if name.startswith("KUBERNETES_")]:
        del os.environ[name]


def _make_undumpable():
    """Denies other processes of the same user access to this process's memory and descriptors."""
    if _prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")


def keep_from_collection():
    """Excludes the objects that exist now, which live as long as the guest, from garbage collection: its marking would
    copy memory pages that are shared with forked children."""
    gc.freeze()


def _limit_heap_growth():
    """Makes glibc return the memory of large blocks to the system when they are freed.

    That is its default at first, but each freed large block raises its dynamic thresholds, and later blocks are kept.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        # More than a file operation needs at a time, or the heap would grow and shrink with every piece of the file.
        _libc.mallopt(_M_TRIM_THRESHOLD, 4 * _LARGE_BLOCK)


def set_process_name(name):
    """Renames this process to `name` (at most 15 characters), because otherwise it looks like any Python program.

    A user who ends programs by name or command line (`pkill python3`) means their own, not the guest.
    """
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0)
    try:
        with open("/proc/self/stat", "rb") as file:
            stat = file.read()
        # Start and end of the command line in memory: fields 48 and 49, counted from 1; two fields precede the last
        # parenthesis. If the kernel doesn't provide them, the command line stays as it is.
        start, end = map(int, stat[stat.rindex(b")") + 2 :].split()[45:47])
    except (OSError, ValueError):
        return
    if 0 < start < end:
        ctypes.memmove(start, name.encode()[: end - start - 1].ljust(end - start, b"\0"), end - start)


def become_subreaper():
    """Makes orphaned descendants children of this process, also after exec, so that walking its tree finds them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def open_inotify(path):
    """Returns an inotify descriptor that is readable when the directory has changed; None if the kernel refuses it."""
    # IN_NONBLOCK and IN_CLOEXEC have the values of O_NONBLOCK and O_CLOEXEC.
    descriptor = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        return None
    if _libc.inotify_add_watch(descriptor, os.fsencode(path), _INOTIFY_EVENTS) < 0:
        os.close(descriptor)
        return None
    return descriptor


def socket_pair():
    """Returns two descriptors of a close-on-exec socket pair. Raises `OSError` if no descriptors are available.

    The standard library's socket objects cost ten times as much, for each command.
    """
    pair = _Pair()
    if _libc.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC, 0, pair) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return pair


def signal_descriptor(number):
    """Blocks the signal and returns a signalfd descriptor that is readable when it has arrived.

    A handler would cost more: Python runs its own code for it and then restarts the interrupted system call.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (number,))
    mask = (1 << (number - 1)).to_bytes(_SIGNAL_SET_SIZE, sys.byteorder)
    # SFD_NONBLOCK and SFD_CLOEXEC have the values of O_NONBLOCK and O_CLOEXEC.
    descriptor = _libc.signalfd(-1, mask, os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "signalfd failed")
    return descriptor


class OutOfMemoryScore:
    """Starts children with a higher out-of-memory score than the guest, so that the guest is never the OOM victim.

    A child can't raise its own score: the /proc files of an undumpable process belong to root. A file opened before the
    guest becomes undumpable stays writable.
    """

    def __init__(self):
        try:
            self._file = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._file = None

    def raise_for_child(self):
        self._write(_COMMAND_OOM_SCORE)

    def raise_for_snapshot(self):
        self._write(_SNAPSHOT_OOM_SCORE)

    def lower_for_guest(self):
        self._write(_GUEST_OOM_SCORE)

    def _write(self, oom_score):
        if self._file is not None:
            try:
                os.write(self._file, oom_score)
            except OSError:
                self._file = None


def _counter(paths):
    """Returns the value from the first readable (path, key): the number that is the whole file if key is None,
    otherwise the one on the line that starts with key.
    """
    for path, key in paths:
        try:
            with open(path) as file:
                for line in file:
                    words = line.split()
                    if words and (key is None or words[0] == key):
                        return int(words[-1])
        except (OSError, ValueError):
            continue
    return None


class OutOfMemoryKills:
    """Counts the processes killed because of the memory limit so far, by the kernel and by the guest."""

    # Those that the guest has killed; None if it doesn't.
    by_guest = None

    def __init__(self):
        self._file = None
        # Cache of the file's last content and the parsed number: it is read twice per command and hardly ever changes.
        self._content = self._kills = None
        for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
            try:
                self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                break
            except OSError:
                continue

    def count(self):
        """Returns the number of kills; None if it isn't known."""
        kills = self._count_of_kernel()
        return self.by_guest if kills is None else kills + (self.by_guest or 0)

    def _count_of_kernel(self):
        if self._file is None:
            return None
        try:
            content = os.pread(self._file, 4096, 0)
            if content != self._content:
                kills = [line for line in content.splitlines() if line.startswith(b"oom_kill ")]
                self._kills = int(kills[0].split()[1]) if kills else None
                self._content = content
        except (OSError, ValueError):
            return None
        return self._kills


class MemoryUse:
    """How much memory is in use, without cached files that can be dropped. Cheap: it is asked often."""

    _VERSIONS = (
        ("/sys/fs/cgroup/", "memory.current", "memory.max", (b"active_file", b"inactive_file", b"slab_reclaimable")),
        (
            "/sys/fs/cgroup/memory/",
            "memory.usage_in_bytes",
            "memory.limit_in_bytes",
            (b"total_active_file", b"total_inactive_file"),
        ),
    )

    def __init__(self):
        self._usage = None
        # In bytes; None if it isn't known.
        self.limit = None
        for directory, usage, limit, droppable in self._VERSIONS:
            try:
                self._usage = os.open(directory + usage, os.O_RDONLY | os.O_CLOEXEC)
                self._details = os.open(directory + "memory.stat", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
            self._droppable = droppable
            self.limit = _counter(((directory + limit, None),))
            break

    def used(self, enough):
        """Returns the bytes in use; 0 if they aren't known. What is less than `enough` need not be exact."""
        if self.limit is None:
            return 0
        try:
            used = int(os.pread(self._usage, 64, 0))
            if used < enough:
                return used
            for line in os.pread(self._details, 16384, 0).splitlines():
                name, _, value = line.partition(b" ")
                if name in self._droppable:
                    used -= int(value)
        except (OSError, ValueError):
            return 0
        return used


def memory_used():
    """Returns the bytes of memory in use as the limit counts them, without cached files that can be dropped."""
    used = _counter((("/sys/fs/cgroup/memory.current", None), ("/sys/fs/cgroup/memory/memory.usage_in_bytes", None)))
    cached = _counter(
        (("/sys/fs/cgroup/memory.stat", "inactive_file"), ("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file"))
    )
    return max(0, (used or 0) - (cached or 0))


def process_count():
    """Returns the number of processes and threads as the limit counts them; None if the kernel doesn't report it."""
    return _counter((("/sys/fs/cgroup/pids.current", None), ("/sys/fs/cgroup/pids/pids.current", None)))
