"""Repairs the modes of the directories that a sandbox can't work without: a mistake such as `chmod -R a-w .` must not
lock the user out, which in a persistent workspace would be permanent.

The modes of their contents are left alone: the user can fix those with a command.
"""

import os
import stat

WORKSPACE = "/workspace"
# No command can start without it, not even one that would fix it.
_EACH_CALL = (WORKSPACE,)
_AT_START = ("/artifacts", "/tmp", os.environ.get("HOME", WORKSPACE))

_told = set()


def mend(is_start=False):
    """Restores the owner's permissions. Returns a line for the log; empty if each change was already logged before."""
    mended = []
    for place in _EACH_CALL + _AT_START if is_start else _EACH_CALL:
        try:
            status = os.stat(place)
            if status.st_mode & stat.S_IRWXU != stat.S_IRWXU and status.st_uid == os.geteuid():
                os.chmod(place, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
                mended.append(place)
        except OSError:
            # Missing or on a read-only file system: whatever needs it will report an error.
            continue
    mended = [place for place in mended if place not in _told]
    _told.update(mended)
    return f"its user could not work in {', '.join(mended)}: gave the owner's rights back" if mended else ""
