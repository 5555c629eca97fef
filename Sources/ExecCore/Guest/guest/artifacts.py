"""Artifacts: the regular files directly in /artifacts that are not hidden and not too large, and the symbolic links
there that lead to one of them. No other link counts, so that no file outside can ever be served as an artifact.
"""

import errno
import itertools
import json
import os
import stat

from guest import files, formats, frames, picture_validation

DIRECTORY = "/artifacts"

# A scan reads at most this many entries, because its time adds to that of each call.
_MAX_FILES = 1000
_MAX_CHANGED = 100
# The maximum number of artifacts that a result names as too large.
_MAX_TOO_LARGE = 5
# A listing is a call of its own, so it may read more entries to find the first ones by name.
_MAX_SCANNED = 100_000
_MAX_LISTED = 1000
_MAX_NAME = 255
_MAX_LINKS = 8
_CHUNK = 1 << 20
_SIGNATURE = 16
# Larger pictures aren't checked: a model's API rejects them anyway, so hosts can't forward them.
_MAX_VALIDATED = 8 << 20
_MAX_UNPACKED_SIDE = 2000
# The directory parts that a link's target may have to name the directory that it is in.
_INSIDE = ("", ".", DIRECTORY, "../artifacts")


def is_name(name):
    """Returns whether `name` is valid for an artifact. Names that aren't valid UTF-8 could not be reported."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        return False
    try:
        return len(name.encode()) <= _MAX_NAME
    except UnicodeEncodeError:
        return False


def snapshot():
    """Returns all artifacts by name, including those that are too large, with a mark that changes when the artifact
    does: size, modification time in seconds, inode, and change time in nanoseconds.
    """
    found = {}
    try:
        directory = _open_directory()
    except OSError:
        return found
    try:
        with os.scandir(directory) as entries:
            for entry in itertools.islice(entries, _MAX_FILES):
                status = _status(entry.name, directory)
                if status:
                    found[entry.name] = _fingerprint(status)
    except OSError:
        pass
    finally:
        os.close(directory)
    return found


def within(size_limit, found):
    """Returns the artifacts of a snapshot that are not too large."""
    return {name: fingerprint for name, fingerprint in found.items() if fingerprint[0] <= size_limit}


def changed(before, now, size_limit):
    """Returns the entries to report for the artifacts that are new or changed since `before`."""
    names = sorted(name for name in within(size_limit, now) if before.get(name) != now[name])
    return [
        {**_entry(name, now[name]), "change": "changed" if name in before else "new"} for name in names[:_MAX_CHANGED]
    ]


def note_of_too_large(before, now, size_limit):
    """Returns a note on new or changed artifacts that are too large to be served; empty if none."""
    names = sorted(
        name for name, fingerprint in now.items() if fingerprint[0] > size_limit and before.get(name) != fingerprint
    )
    if not names:
        return ""
    listed = ", ".join(f"{_shown(name)} ({now[name][0]} bytes)" for name in names[:_MAX_TOO_LARGE])
    more = f" and {len(names) - _MAX_TOO_LARGE} more" if len(names) > _MAX_TOO_LARGE else ""
    return (
        f"Artifacts are limited to {size_limit} bytes each. Not delivered: {listed}{more}. "
        "Make them smaller, for example by compressing or splitting them.\n"
    )


def _shown(name):
    """Returns a name with unprintable characters replaced, so that it stays on one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def list_artifacts(params, _, sink):
    """Writes the artifacts to `sink` as JSON; if there are too many, only the first ones by name."""
    found = []
    try:
        directory = _open_directory()
    except FileNotFoundError:
        directory = None
    except OSError as error:
        raise files.operation_error(error, DIRECTORY) from None
    if directory is not None:
        try:
            with os.scandir(directory) as entries:
                names = [entry.name for entry in itertools.islice(entries, _MAX_SCANNED)]
            for name in sorted(filter(is_name, names)):
                status = _status(name, directory)
                if status and status.st_size <= params["limit"]:
                    found.append(_entry(name, _fingerprint(status)))
                    if len(found) == _MAX_LISTED:
                        break
        finally:
            os.close(directory)
    frames.write_all(sink, json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())
    return {}


def read_artifact(params, _, sink):
    """Writes the content of an artifact to `sink`, at most as many bytes as it had when it was opened."""
    name, limit = params["name"], params["limit"]
    try:
        directory = _open_directory()
        try:
            descriptor = _open(name, directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise files.operation_error(error, f"{DIRECTORY}/{name}") from None
    if descriptor is None:
        raise files.OperationError(f"There is no artifact {name}.", "not_found")
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        left = files.size_of(file)
        if left > limit:
            raise files.OperationError(
                f"The artifact {name} has {left} bytes, more than the limit of {limit}. "
                "Make it smaller, for example by compressing or splitting it.",
                "too_large",
            )
        if left <= _MAX_VALIDATED and (validated := _validated_picture(file, left)):
            data, is_broken = validated
            frames.write_all(sink, data)
            return {"is_broken_picture": is_broken}
        while left and (piece := file.read(min(_CHUNK, left))):
            frames.write_all(sink, piece)
            left -= len(piece)
    return {}


def _validated_picture(file, size):
    """Returns a picture's bytes and whether it is broken. Returns None for other files, with the position reset."""
    media_type = formats.image_type(file.read(_SIGNATURE))
    file.seek(0)
    if not media_type:
        return None
    data = files.read(file, size)
    try:
        picture_validation.check(data, media_type, _MAX_UNPACKED_SIDE)
        return data, False
    except picture_validation.BrokenPictureError:
        return data, True


def _open_directory():
    return os.open(DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _status(name, directory):
    """Returns the status of the artifact `name` with links followed; None if it is missing."""
    try:
        for _ in range(_MAX_LINKS):
            if not is_name(name):
                return None
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if not stat.S_ISLNK(status.st_mode):
                return status if stat.S_ISREG(status.st_mode) else None
            name = _link_target(name, directory)
    except OSError:
        pass
    return None


def _open(name, directory):
    """Opens the artifact `name`; returns None if it is missing.

    O_NOFOLLOW: each link is read and checked here instead, and the opened file is checked again with fstat.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
    for _ in range(_MAX_LINKS):
        if not is_name(name):
            return None
        try:
            descriptor = os.open(name, flags, dir_fd=directory)
        except OSError as error:
            if error.errno == errno.ELOOP:
                name = _link_target(name, directory)
                continue
            if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
                return None
            raise
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        return None
    return None


def _link_target(name, directory):
    """Returns the name in the directory that a link leads to; empty if it leads elsewhere or is no longer a link."""
    try:
        place, name = os.path.split(os.readlink(name, dir_fd=directory))
    except OSError:
        return ""
    return name if place in _INSIDE else ""


def _fingerprint(status):
    return status.st_size, status.st_mtime_ns // 1_000_000_000, status.st_ino, status.st_ctime_ns


def version(status):
    """Returns a text that changes when the file does. It is made of the same values as the fingerprint."""
    return _version(_fingerprint(status))


def _version(fingerprint):
    size, _, inode, changed_at = fingerprint
    return f"{inode:x}-{size:x}-{changed_at:x}"


def _entry(name, fingerprint):
    return {"name": name, "size": fingerprint[0], "modified": fingerprint[1], "version": _version(fingerprint)}
