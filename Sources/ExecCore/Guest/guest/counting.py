"""Counting what directories take on disk, however they are nested and whatever their modes, and what is held open there
after it was deleted.

Everything is found by descriptors, so that no path is too long. What cannot be counted is an error, never nothing.
"""

import errno
import os
import stat

# An empty file takes room too: an inode and a name.
LEAST_FILE = 4096
# One more name of a file that is counted.
_LEAST_NAME = 512
# A descriptor is open for each level.
_DEEPEST = 200
# So many entries between two looks at the clock.
_STRIDE = 256
_OWNER_ACCESS = stat.S_IRUSR | stat.S_IXUSR
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_STOPPED = b"TtZXx"
# Waiting in the kernel: for the disk, or for a child that has not begun.
_WAITING = b"DI"


class Uncountable(Exception):
    """Something is there that cannot be counted; the message says what and why."""


class Count:
    """One count of `places`. `tick` is called often; what it raises ends the count."""

    def __init__(self, places, tick, own_processes=()):
        self._places = places
        self._tick = tick
        # These show nobody what they have open, and hold nothing.
        self._own_processes = {str(process) for process in own_processes}
        self._until_tick = _STRIDE
        self._seen = set()
        self._devices = set()
        self.bytes = 0
        # Whether files may be held where no look finds them.
        self.is_blind = False

    def count_tree(self):
        """Counts what has a name. Links to one file count once."""
        for place in self._places:
            self._walk(place)

    def _walk(self, place):
        # For each directory on the way: its descriptor, the mode that it gets back, what is still to be counted in it.
        levels, names = [], [place]
        try:
            top = self._open(place, None, names)
            if top is not None:
                self._devices.add(os.fstat(top).st_dev)
                levels.append(self._enter(top))
            while levels:
                descriptor, _, directories = levels[-1]
                if not directories:
                    _leave(levels.pop())
                    names.pop()
                    continue
                name = directories.pop()
                names.append(name)
                if len(levels) >= _DEEPEST:
                    raise Uncountable(f"{_shown(names)} is nested deeper than {_DEEPEST} levels")
                below = self._open(name, descriptor, names)
                if below is None:
                    names.pop()
                else:
                    levels.append(self._enter(below))
        except OSError as error:
            raise Uncountable(f"{_shown(names)}: {error.strerror}") from error
        finally:
            while levels:
                _leave(levels.pop())

    def _open(self, name, parent, names):
        """A descriptor of the directory; None where it is gone, or can hold nothing of ours."""
        try:
            return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
        except FileNotFoundError:
            return None
        except PermissionError:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if status.st_uid != os.geteuid():
            if os.access(name, os.W_OK | os.X_OK, dir_fd=parent):
                raise Uncountable(f"{_shown(names)} may be written but not listed")
            return None
        mode = stat.S_IMODE(status.st_mode)
        os.chmod(name, mode | _OWNER_ACCESS, dir_fd=parent)
        try:
            return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
        finally:
            os.chmod(name, mode, dir_fd=parent)

    def _enter(self, descriptor):
        """Counts a directory's entries. Returns what `_walk` keeps of it."""
        mode = None
        try:
            status = os.fstat(descriptor)
            if status.st_uid == os.geteuid() and status.st_mode & _OWNER_ACCESS != _OWNER_ACCESS:
                # Its entries can be looked at only by who may enter it.
                mode = stat.S_IMODE(status.st_mode)
                os.fchmod(descriptor, mode | _OWNER_ACCESS)
            directories = []
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    self._until_tick -= 1
                    if self._until_tick <= 0:
                        self._until_tick = _STRIDE
                        self._tick()
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    self._add(status)
                    if stat.S_ISDIR(status.st_mode):
                        directories.append(entry.name)
        except FileNotFoundError:
            # It was removed: nothing can be in it any more.
            directories = []
        except BaseException:
            _leave((descriptor, mode, None))
            raise
        return descriptor, mode, directories

    def _add(self, status):
        if status.st_nlink != 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self._seen:
                self.bytes += _LEAST_NAME
                return
            self._seen.add((status.st_dev, status.st_ino))
        self.bytes += max(status.st_blocks * 512, LEAST_FILE)

    def count_held(self, is_thorough):
        """Counts what has lost its name and is open, as far as processes let it be seen.

        A thorough look also sets `is_blind`; it is for a time when all other processes are stopped.
        """
        for process in _processes():
            if process in self._own_processes:
                continue
            self._tick()
            self._count_file(f"/proc/{process}/exe")
            # Each thread may have descriptors of its own, and the first one may have ended.
            tasks = _names(f"/proc/{process}/task") if is_thorough else None
            for place in [f"/proc/{process}/task/{task}" for task in tasks or ()] or [f"/proc/{process}"]:
                self._count_open(place, is_thorough)
            if is_thorough and self._maps_what_is_deleted(process):
                self.is_blind = True

    def _count_open(self, place, is_thorough):
        descriptors = _names(f"{place}/fd")
        if descriptors is None:
            self.is_blind = True
            return
        for name in descriptors:
            kind = self._count_file(f"{place}/fd/{name}")
            if kind is None:
                continue
            # What is under way from one process to another is in nobody's hands.
            if is_thorough and stat.S_ISSOCK(kind) and _carries_descriptors(f"{place}/fdinfo/{name}"):
                self.is_blind = True

    def _count_file(self, path):
        try:
            status = os.stat(path)
        except OSError:
            return None
        if status.st_nlink == 0 and status.st_dev in self._devices and not stat.S_ISDIR(status.st_mode):
            key = status.st_dev, status.st_ino
            if key not in self._seen:
                self._seen.add(key)
                self.bytes += max(status.st_blocks * 512, LEAST_FILE)
        return status.st_mode

    def _maps_what_is_deleted(self, process):
        """Whether it has a deleted file of ours in memory: how much that takes nobody tells."""
        starts = tuple(os.fsencode(place) + b"/" for place in self._places)
        try:
            with open(f"/proc/{process}/maps", "rb") as file:
                for line in file:
                    fields = line.split(None, 5)
                    if len(fields) < 6 or not fields[5].startswith(starts) or not fields[5].endswith(b" (deleted)\n"):
                        continue
                    if not any(inode == int(fields[4]) for _, inode in self._seen):
                        return True
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.ESRCH)
        return False


def running_processes():
    """What still runs of the other processes, though all were stopped."""
    running = []
    for process in _processes():
        for task in _names(f"/proc/{process}/task") or ():
            try:
                with open(f"/proc/{process}/task/{task}/stat", "rb") as file:
                    state = file.read(4096).rpartition(b")")[2][1:2]
            except OSError:
                continue
            if state not in _STOPPED and state not in _WAITING:
                running.append(process)
    return running


def _processes():
    """All but process 1 and this one."""
    return [name for name in os.listdir("/proc") if name.isdecimal() and name not in ("1", str(os.getpid()))]


def _names(directory):
    """What is in a directory of a process; None where it may not be seen. A process that is gone has nothing."""
    try:
        return os.listdir(directory)
    except OSError as error:
        return [] if error.errno in (errno.ENOENT, errno.ESRCH) else None


def _carries_descriptors(path):
    try:
        with open(path, "rb") as file:
            return any(line.startswith(b"scm_fds:") and int(line.split()[1]) > 0 for line in file)
    except OSError:
        return False


def _leave(level):
    descriptor, mode, _ = level
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _shown(names):
    """A path for a message, its middle left out where it is long."""
    path = os.fsencode("/".join(names)).decode("utf-8", "replace")
    return path if len(path) <= 200 else f"{path[:100]}...{path[-80:]}"
