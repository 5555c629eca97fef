"""Which artifacts a command made or changed: regular files directly in /artifacts, none hidden, none too large."""

import os
import stat

DIRECTORY = "/artifacts"

# A directory with more files than this is looked at no further: each look is part of a call's time.
_MAX_FILES = 1000
_MAX_CHANGED = 100


def snapshot():
    """Each artifact by name, with what changes when it does."""
    found = {}
    try:
        entries = os.scandir(DIRECTORY)
    except OSError:
        return found
    with entries:
        for entry in entries:
            if len(found) >= _MAX_FILES:
                break
            if entry.name.startswith("."):
                continue
            try:
                entry.name.encode()
                status = entry.stat(follow_symlinks=False)
            except (OSError, UnicodeEncodeError):
                continue
            if stat.S_ISREG(status.st_mode):
                found[entry.name] = (status.st_size, status.st_ino, status.st_ctime_ns)
    return found


def changed(before, size_limit):
    """Name and size of each artifact that was not there, or was another, at the time of `before`."""
    now = snapshot()
    names = sorted(name for name, mark in now.items() if before.get(name) != mark and mark[0] <= size_limit)
    return [{"name": name, "size": now[name][0]} for name in names[:_MAX_CHANGED]]
