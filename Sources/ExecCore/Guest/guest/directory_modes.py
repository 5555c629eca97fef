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

_logged = set()


def repair(is_start=False):
    """Restores the owner's permissions. Returns a line for the log; empty if each change was already logged before."""
    repaired = []
    for directory in _EACH_CALL + _AT_START if is_start else _EACH_CALL:
        try:
            status = os.stat(directory)
            if status.st_mode & stat.S_IRWXU != stat.S_IRWXU and status.st_uid == os.geteuid():
                os.chmod(directory, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
                repaired.append(directory)
        except OSError:
            # Missing or on a read-only file system: whatever needs it will report an error.
            continue
    repaired = [directory for directory in repaired if directory not in _logged]
    _logged.update(repaired)
    return f"the user lacked full access to {', '.join(repaired)}: restored the owner's permissions" if repaired else ""
