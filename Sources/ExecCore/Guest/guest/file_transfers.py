"""Files of any bytes, for programs outside the sandbox: store, read in parts, list, delete, measure.

Code in the sandbox may change the directories of a path at any moment. So a path is resolved one descriptor at a time:
each link is read and checked here, the kernel follows no link, and no link leads out of the allowed directories.
"""

import errno
import itertools
import json
import os
import stat
import time

from guest import artifacts, disk_usage, files, formats, frames, paths

WORKSPACE = "/workspace"
_READABLE = (WORKSPACE, "/artifacts", "/output")
_DELETABLE = (WORKSPACE + "/uploads", "/artifacts")

# The maximum number of bytes of a request body to receive at once.
_MAX_PIECE = 256 * 1024
_MAX_NAME = 255
_MAX_PATH = 4095
_MAX_LINKS = 40
_MAX_NAMES_TRIED = 1000
_MAX_SCANNED = 100_000
_MEASURED = (WORKSPACE, "/artifacts")
_MEASURE_SECONDS = 20.0
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV)

OperationError = paths.OperationError


class _Place:
    """What a path names: an open directory, and a name in it, which is None for the directory itself."""

    def __init__(self, path, roots, makes_directories=False, follows_links=True):
        self.path = paths.absolute(path)
        self._roots = roots
        self._levels = []
        self._follows_links = follows_links
        self.name = None
        try:
            self._walk(makes_directories)
        except OSError as error:
            self.close()
            raise files.operation_error(error, self.path) from None
        except BaseException:
            self.close()
            raise

    @property
    def directory(self):
        return self._levels[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        while self._levels:
            os.close(self._levels.pop())

    def _walk(self, makes_directories):
        # The kernel's limit, which a walk over descriptors would avoid: the reply's size depends on it.
        if len(os.fsencode(self.path)) > _MAX_PATH:
            raise OSError(errno.ENAMETOOLONG, "")
        names = self._start(self.path)
        links = 0
        while names:
            name = names.pop(0)
            if name == "..":
                if len(self._levels) == 1:
                    raise self._outside()
                os.close(self._levels.pop())
                continue
            try:
                mode = os.stat(name, dir_fd=self.directory, follow_symlinks=False).st_mode
            except FileNotFoundError:
                if makes_directories:
                    _make_directory(name, self.directory)
                    mode = stat.S_IFDIR
                elif names:
                    raise
                else:
                    mode = 0
            if stat.S_ISLNK(mode) and self._follows_links:
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, "")
                names = self._follow(os.readlink(name, dir_fd=self.directory), names)
            elif names or makes_directories:
                self._levels.append(os.open(name, _DIRECTORY, dir_fd=self.directory))
            else:
                self.name = name

    def _start(self, path):
        """Opens the allowed directory that contains a path. Returns the names below it."""
        for root in self._roots:
            if path == root or path.startswith(root + "/"):
                # Code in the sandbox can't replace the parent directory; it is not a link.
                self._levels.append(os.open(os.path.dirname(root), _DIRECTORY))
                top = os.open(os.path.basename(root), _DIRECTORY, dir_fd=self._levels[0])
                os.close(self._levels.pop())
                self._levels.append(top)
                return _names(path[len(root) :])
        raise self._outside()

    def _follow(self, target, names):
        if not target.startswith("/"):
            return [*_names(target), *names]
        self.close()
        return [*self._start(target), *names]

    def _outside(self):
        return OperationError(f"{paths.shown(self.path)} is not in {' or '.join(self._roots)}, or leads out of it.")


def _names(path):
    return [name for name in path.split("/") if name not in ("", ".")]


def _make_directory(name, parent):
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError:
        pass


# Writing


def store_file(params, body, _):
    """Writes the body to a new file, which appears under its name when it is complete."""
    name = params["name"]
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise OperationError("The name of a file must not be empty or contain a slash.")
    with _Place(params["directory"], (WORKSPACE,), makes_directories=True) as place:
        path = f"{place.path.rstrip('/')}/{name}"
        temporary = f".{os.getpid():x}-{os.urandom(6).hex()}.tmp"
        try:
            descriptor, is_named = _open_new(temporary, place.directory)
        except OSError as error:
            raise files.operation_error(error, path) from None
        try:
            while piece := body.read(_MAX_PIECE):
                frames.write_all(descriptor, piece)
            os.fchmod(descriptor, 0o644)
            if not is_named:
                # `src_dir_fd` isn't needed for an absolute path, but only with it does Python follow the link.
                source = f"/proc/self/fd/{descriptor}"
                os.link(source, temporary, src_dir_fd=descriptor, dst_dir_fd=place.directory, follow_symlinks=True)
                is_named = True
            name, is_named = _publish(temporary, name, params["existing"], place.directory)
        except OSError as error:
            raise files.operation_error(error, path) from None
        finally:
            os.close(descriptor)
            if is_named:
                os.unlink(temporary, dir_fd=place.directory)
        return {"path": f"{place.path.rstrip('/')}/{name}", "name": name}


def _open_new(name, directory):
    """Opens a new unnamed file, which disappears if this process is killed; creates it as `name` if the file system
    doesn't support that. Returns its descriptor and whether it has the name.
    """
    try:
        return os.open(".", os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o600, dir_fd=directory), False
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=directory), True


def _publish(temporary, name, existing, directory):
    """Gives the file `temporary` its name. Returns the name, and whether the file still has the temporary one."""
    if existing == "replace":
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        return name, False
    for candidate in itertools.islice(_candidates(name), 1 if existing == "fail" else _MAX_NAMES_TRIED):
        try:
            os.link(temporary, candidate, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
            return candidate, True
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        # The file system has no hard links: an empty file reserves the name.
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(candidate, flags, 0o600, dir_fd=directory))
        except FileExistsError:
            continue
        os.rename(temporary, candidate, src_dir_fd=directory, dst_dir_fd=directory)
        return candidate, False
    raise OperationError(f"There is already a file named {name}.", "exists")


def _candidates(name):
    """Yields the name, then the same name with numbers: `data (2).csv`."""
    yield name
    stem, suffix = os.path.splitext(name)
    for number in itertools.count(2):
        end = f" ({number}){suffix}"
        room = max(1, _MAX_NAME - len(os.fsencode(end)))
        yield os.fsencode(stem)[:room].decode("utf-8", "ignore") + end


# Reading


def read_part(params, _, sink):
    """Writes a part of a regular file to `sink`."""
    with _Place(params["path"], _READABLE) as place:
        try:
            descriptor = _open_regular(place)
        except OSError as error:
            raise files.operation_error(error, place.path) from None
        try:
            status = os.fstat(descriptor)
            offset, left = params["offset"], min(params["length"], max(0, status.st_size - params["offset"]))
            while left and (piece := os.pread(descriptor, min(_MAX_PIECE, left), offset)):
                frames.write_all(sink, piece)
                offset += len(piece)
                left -= len(piece)
        finally:
            os.close(descriptor)
        return {
            "path": place.path,
            "size": status.st_size,
            "modified": int(status.st_mtime),
            "version": artifacts.version(status),
        }


def _open_regular(place):
    if place.name is None:
        raise OperationError(f"{place.path} is a directory.")
    # Even opening a FIFO has an effect, so the type is checked before opening, and again afterwards.
    status = os.stat(place.name, dir_fd=place.directory, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(place.name, flags, dir_fd=place.directory)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return descriptor
        os.close(descriptor)
    kind = "a directory" if stat.S_ISDIR(status.st_mode) else formats.kind_of_special(status.st_mode)
    raise OperationError(f"{place.path} is {kind}, not a regular file.")


def list_directory(params, _, sink):
    """Writes the first entries of a directory by name to `sink`, as JSON."""
    found = []
    with _Place(params["path"], _READABLE) as place:
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(place.name or ".", flags, dir_fd=place.directory)
        except OSError as error:
            raise files.operation_error(error, place.path) from None
        try:
            with os.scandir(descriptor) as entries:
                names = [entry.name for entry in itertools.islice(entries, _MAX_SCANNED + 1)]
            is_truncated = len(names) > min(params["limit"], _MAX_SCANNED)
            for name in sorted(names, key=os.fsencode)[: params["limit"]]:
                if entry := _entry(name, descriptor, place.path):
                    found.append(entry)
        except OSError as error:
            raise files.operation_error(error, place.path) from None
        finally:
            os.close(descriptor)
        frames.write_all(sink, json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())
        return {"path": place.path, "truncated": is_truncated}


def _entry(name, directory, path):
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except OSError:
        return None
    shown = os.fsencode(name).decode("utf-8", "replace")
    entry = {"name": shown, "kind": _kind(status.st_mode), "size": status.st_size, "modified": int(status.st_mtime)}
    if shown != name:
        # The name isn't valid UTF-8, so only a URI can express it.
        entry["uri"] = "file://" + _percent_encoded(os.fsencode(f"{path.rstrip('/')}/{name}"))
    return entry


def _percent_encoded(data):
    """Encodes all bytes except those that are safe in any URI. Loading `urllib.parse` takes longer than a listing."""
    return "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in data)


def _kind(mode):
    for is_kind, name in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"), (stat.S_ISLNK, "link")):
        if is_kind(mode):
            return name
    return "other"


# The rest


def delete_file(params, *_):
    """Removes a file, or a link itself."""
    with _Place(params["path"], _DELETABLE, follows_links=False) as place:
        try:
            if place.name is None or stat.S_ISDIR(os.lstat(place.name, dir_fd=place.directory).st_mode):
                raise OperationError(f"{place.path} is a directory. Only files can be deleted.")
            os.unlink(place.name, dir_fd=place.directory)
        except OSError as error:
            raise files.operation_error(error, place.path) from None
        return {"path": place.path}


def measure_workspace(*_):
    """Returns the bytes that the workspace holds, counted as for its limit; None if that takes too long."""
    end = time.monotonic() + _MEASURE_SECONDS

    def tick():
        if time.monotonic() > end:
            raise disk_usage.UncountableError("it takes too long")

    count = disk_usage.UsageCount(_MEASURED, tick)
    try:
        count.count_tree()
    except (disk_usage.UncountableError, OSError):
        return {"used": None}
    return {"used": count.bytes}
