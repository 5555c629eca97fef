"""The directories that a sandbox cannot do without, and their modes: a slip such as `chmod -R a-w .` must not lock
anybody out, in a persistent workspace for ever.

What is in them stays as the user made it; their owner can mend that with a command.
"""

import os
import stat

WORKSPACE = "/workspace"
# No command can start without it, not even the one that would mend it.
_EACH_CALL = (WORKSPACE,)
_AT_START = ("/artifacts", "/tmp", os.environ.get("HOME", WORKSPACE))

_told = set()


def mend(is_start=False):
    """Gives their owner back what it needs to work in them. Returns a line for the log, the first time."""
    mended = []
    for place in _EACH_CALL + _AT_START if is_start else _EACH_CALL:
        try:
            status = os.stat(place)
            if status.st_mode & stat.S_IRWXU != stat.S_IRWXU and status.st_uid == os.geteuid():
                os.chmod(place, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
                mended.append(place)
        except OSError:
            # Not there, or on something that takes no changes: who needs it will hear of it.
            continue
    mended = [place for place in mended if place not in _told]
    _told.update(mended)
    return f"its user could not work in {', '.join(mended)}: gave the owner's rights back" if mended else ""
