"""What Python's standard library has no words for: prctl, inotify, the out-of-memory score, the sandbox as it is."""

import ctypes
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
_GUEST_OOM_SCORE = b"0"

_SIGNAL_SET_SIZE = 128
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
# More than is read from the channel in one piece: that block is used again and again.
_LARGE_BLOCK = 512 * 1024

# Where an image of ours looks names up. It is a link there, to where the sandbox can be written.
_NAMES = "/var/lib/extrausers"

_FILE_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)

_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl
_Pair = ctypes.c_int * 2

# IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_ONLYDIR
_INOTIFY_EVENTS = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x01000000


def description(shell):
    """What the server wants to know of the sandbox before it uses it."""
    places = ("/workspace", "/artifacts", "/tmp", "/output", os.environ.get("HOME", "/tmp"))
    unwritable = [place for place in places if not os.access(place, os.W_OK)]
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "shell": os.access(shell, os.X_OK),
        "unwritable": unwritable,
        "owners": {place: os.stat(place).st_uid for place in unwritable if os.path.isdir(place)},
        "limits": limits.limits(),
    }


def prepare_process():
    """What holds for this process and for those that are forked from it."""
    take_name("sandbox-guest")
    _make_undumpable()
    _give_back_large_blocks()
    _raise_file_limit()
    _name_user()
    _extend_path()


def _raise_file_limit():
    """Lets this process have as many files open as it may: each call and each connection takes some."""
    _, most = _FILE_LIMIT
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def restore_file_limit():
    """In a child: what programs are used to. Those that wait with select(2) know no descriptor over 1024."""
    resource.setrlimit(resource.RLIMIT_NOFILE, _FILE_LIMIT)


def _name_user():
    """Gives the numbers that we run under a name: no file of the image knows them."""
    user, group, home = os.getuid(), os.getgid(), os.environ.get("HOME", "/")
    directory = os.path.realpath(_NAMES)
    try:
        os.makedirs(directory, exist_ok=True)
        for name, line in (("passwd", f"{user}:{group}::{home}:/bin/bash"), ("group", f"{group}:")):
            with open(os.path.join(directory, name), "w") as file:
                file.write(f"coderunner:x:{line}\n")
    except OSError:
        # An image of somebody's own: it does without.
        pass


def _extend_path():
    """Has commands found that pip installs for the user. They hide none of the system's."""
    base = os.environ.get("PYTHONUSERBASE")
    if base and os.environ.get("PATH"):
        os.environ["PATH"] += f":{base}/bin"


def _make_undumpable():
    """Closes this process's memory and descriptors to every other process of the same user."""
    if _prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")


def _give_back_large_blocks():
    """Has memory of large blocks go back to the system when they are freed.

    That is how glibc begins; but each large block that is freed raises its limits, and what comes after it is kept.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        _libc.mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE_BLOCK)


def take_name(name):
    """Has this process go by `name` (at most 15 characters), where it would look like any program in Python.

    Whoever ends programs by name or command line (`pkill python3`) means their own.
    """
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0)
    try:
        with open("/proc/self/stat", "rb") as file:
            stat = file.read()
        # Where the command line begins and ends in memory: the 48th and 49th field, of which two come before the last
        # parenthesis. It stays as it is where the system does not say so.
        begin, end = map(int, stat[stat.rindex(b")") + 2 :].split()[45:47])
    except (OSError, ValueError):
        return
    if 0 < begin < end:
        ctypes.memmove(begin, name.encode()[: end - begin - 1].ljust(end - begin, b"\0"), end - begin)


def become_subreaper():
    """Makes orphaned descendants children of this process, also after exec, so that a walk of its tree finds them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def watch_directory(path):
    """A descriptor that can be read when something in the directory has changed; None where the system gives none."""
    # Its flags are those of files.
    descriptor = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        return None
    if _libc.inotify_add_watch(descriptor, os.fsencode(path), _INOTIFY_EVENTS) < 0:
        os.close(descriptor)
        return None
    return descriptor


def socket_pair():
    """Two descriptors of a pair of sockets that no program inherits. Raises `OSError` if there are none.

    Those of the standard library are objects that cost ten times as much, which each command would pay.
    """
    pair = _Pair()
    if _libc.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC, 0, pair) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return pair


def signal_descriptor(number):
    """A descriptor that can be read when the signal has come, which from now on does nothing else.

    A handler would cost more: the call that it interrupts is made again, and Python runs code of its own in between.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (number,))
    mask = (1 << (number - 1)).to_bytes(_SIGNAL_SET_SIZE, sys.byteorder)
    # Its flags are those of files.
    descriptor = _libc.signalfd(-1, mask, os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "signalfd failed")
    return descriptor


class OutOfMemoryScore:
    """Lets children start with a higher out-of-memory score than the guest, so that it is never the victim.

    A child cannot raise its own: the files in /proc of a process that is not dumpable belong to root. What is opened
    before the guest becomes undumpable stays writable.
    """

    def __init__(self):
        try:
            self._file = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._file = None

    def raise_for_child(self):
        self._write(_COMMAND_OOM_SCORE)

    def lower_for_guest(self):
        self._write(_GUEST_OOM_SCORE)

    def _write(self, score):
        if self._file is not None:
            try:
                os.write(self._file, score)
            except OSError:
                self._file = None


def _counter(paths):
    """The first of (path, key) that can be read: a whole file that is a number, or the line that starts with key."""
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
    """How many processes the memory limit has killed so far."""

    def __init__(self):
        self._file = None
        # What the file last said, and what that came to: it is read twice for each command, and hardly ever changes.
        self._said = self._number = None
        for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
            try:
                self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                break
            except OSError:
                continue

    def count(self):
        """The number; None where the kernel does not say."""
        if self._file is None:
            return None
        try:
            said = os.pread(self._file, 4096, 0)
            if said != self._said:
                kills = [line for line in said.splitlines() if line.startswith(b"oom_kill ")]
                self._number = int(kills[0].split()[1]) if kills else None
                self._said = said
        except (OSError, ValueError):
            return None
        return self._number


def process_count():
    """How many processes and threads the sandbox has, as the limit counts them; None where the kernel does not say."""
    return _counter((("/sys/fs/cgroup/pids.current", None), ("/sys/fs/cgroup/pids/pids.current", None)))
