"""Counts the disk usage of directories, whatever their nesting and modes, and of deleted files that are still open.

Walks the tree with directory descriptors, so that no path is too long. Anything that can't be counted is an error; it
is never counted as zero.
"""

import errno
import os
import stat

# The minimum size counted for a file, in bytes: an empty file needs an inode and a name too.
MIN_FILE_SIZE = 4096
# The size counted for each further hard link, in bytes.
_MIN_LINK_SIZE = 512
# The maximum depth, because a descriptor is open for each level.
_MAX_DEPTH = 200
# The number of directory entries between two ticks.
_ENTRIES_PER_TICK = 256
_OWNER_ACCESS = stat.S_IRUSR | stat.S_IXUSR
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_STOPPED = b"TtZXx"
# Waiting in the kernel: for the disk, or for a vfork child that has not started.
_UNINTERRUPTIBLE = b"DI"


class UncountableError(Exception):
    """Something can't be counted; the message says what and why."""


class UsageCount:
    """One count of the directories `roots`. Calls `tick` often; an exception from it ends the count."""

    def __init__(self, roots, tick, own_processes=()):
        self._roots = roots
        self._tick = tick
        # The guest's own processes: they are undumpable, so their open files can't be listed, and they hold none.
        self._own_processes = {str(process) for process in own_processes}
        self._until_tick = _ENTRIES_PER_TICK
        self._seen = set()
        self._devices = set()
        self.bytes = 0
        # Whether deleted files may be held in ways that can't be seen.
        self.may_miss_files = False

    def count_tree(self):
        """Counts everything that has a name. A file with several hard links counts once."""
        for path in self._roots:
            self._walk(path)

    def _walk(self, path):
        # For each directory on the path: its descriptor, the mode to restore, and the subdirectories left to count.
        levels, names = [], [path]
        try:
            top = self._open(path, None, names)
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
                if len(levels) >= _MAX_DEPTH:
                    raise UncountableError(f"{_shown(names)} is nested deeper than {_MAX_DEPTH} levels")
                below = self._open(name, descriptor, names)
                if below is None:
                    names.pop()
                else:
                    levels.append(self._enter(below))
        except OSError as error:
            raise UncountableError(f"{_shown(names)}: {error.strerror}") from error
        finally:
            while levels:
                _leave(levels.pop())

    def _open(self, name, parent, names):
        """Opens a directory, granting itself access if it is the owner. Returns None if the directory is gone, or if
        the sandbox's user can't have written to it.
        """
        try:
            return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
        except FileNotFoundError:
            return None
        except PermissionError:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if status.st_uid != os.geteuid():
            if os.access(name, os.W_OK | os.X_OK, dir_fd=parent):
                raise UncountableError(f"{_shown(names)} may be written but not listed")
            return None
        mode = stat.S_IMODE(status.st_mode)
        os.chmod(name, mode | _OWNER_ACCESS, dir_fd=parent)
        try:
            return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
        finally:
            os.chmod(name, mode, dir_fd=parent)

    def _enter(self, descriptor):
        """Counts a directory's entries. Returns its level for `_walk`."""
        mode = None
        try:
            status = os.fstat(descriptor)
            if status.st_uid == os.geteuid() and status.st_mode & _OWNER_ACCESS != _OWNER_ACCESS:
                # Reading the status of entries requires search permission.
                mode = stat.S_IMODE(status.st_mode)
                os.fchmod(descriptor, mode | _OWNER_ACCESS)
            directories = []
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    self._until_tick -= 1
                    if self._until_tick <= 0:
                        self._until_tick = _ENTRIES_PER_TICK
                        self._tick()
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    self._add(status)
                    if stat.S_ISDIR(status.st_mode):
                        directories.append(entry.name)
        except FileNotFoundError:
            # It was removed, so it is empty.
            directories = []
        except BaseException:
            _leave((descriptor, mode, None))
            raise
        return descriptor, mode, directories

    def _add(self, status):
        if status.st_nlink != 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self._seen:
                self.bytes += _MIN_LINK_SIZE
                return
            self._seen.add((status.st_dev, status.st_ino))
        self.bytes += max(status.st_blocks * 512, MIN_FILE_SIZE)

    def count_deleted(self, is_thorough):
        """Counts deleted files that are still open, as far as /proc shows them.

        A thorough count also checks all threads, descriptors in flight and memory mappings, and sets `may_miss_files`
        for what it can't count. It requires that all other processes are stopped.
        """
        for process in _processes():
            if process in self._own_processes:
                continue
            self._tick()
            self._count_file(f"/proc/{process}/exe")
            # Each thread may have its own descriptor table, and the first thread may have exited.
            tasks = _names(f"/proc/{process}/task") if is_thorough else None
            for path in [f"/proc/{process}/task/{task}" for task in tasks or ()] or [f"/proc/{process}"]:
                self._count_open(path, is_thorough)
            if is_thorough and self._maps_deleted_file(process):
                self.may_miss_files = True

    def _count_open(self, path, is_thorough):
        descriptors = _names(f"{path}/fd")
        if descriptors is None:
            self.may_miss_files = True
            return
        for name in descriptors:
            kind = self._count_file(f"{path}/fd/{name}")
            if kind is None:
                continue
            # Descriptors in flight over a socket belong to no process and can't be listed.
            if is_thorough and stat.S_ISSOCK(kind) and _carries_descriptors(f"{path}/fdinfo/{name}"):
                self.may_miss_files = True

    def _count_file(self, path):
        try:
            status = os.stat(path)
        except OSError:
            return None
        if status.st_nlink == 0 and status.st_dev in self._devices and not stat.S_ISDIR(status.st_mode):
            key = status.st_dev, status.st_ino
            if key not in self._seen:
                self._seen.add(key)
                self.bytes += max(status.st_blocks * 512, MIN_FILE_SIZE)
        return status.st_mode

    def _maps_deleted_file(self, process):
        """Returns whether the process maps a deleted file of `roots` that isn't counted yet; its size is unknown."""
        starts = tuple(os.fsencode(path) + b"/" for path in self._roots)
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
    """Returns the other processes that are still running although all were sent SIGSTOP."""
    running = []
    for process in _processes():
        for task in _names(f"/proc/{process}/task") or ():
            try:
                with open(f"/proc/{process}/task/{task}/stat", "rb") as file:
                    state = file.read(4096).rpartition(b")")[2][1:2]
            except OSError:
                continue
            if state not in _STOPPED and state not in _UNINTERRUPTIBLE:
                running.append(process)
    return running


def _processes():
    """Returns the ids of all processes except process 1 and this one."""
    return [name for name in os.listdir("/proc") if name.isdecimal() and name not in ("1", str(os.getpid()))]


def _names(directory):
    """Lists a directory of a process in /proc; None if access is denied, empty if the process is gone."""
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
    """Returns a path for a message, with its middle left out if it is long."""
    path = os.fsencode("/".join(names)).decode("utf-8", "replace")
    return path if len(path) <= 200 else f"{path[:100]}...{path[-80:]}"
