"""Which command a process at the other end of a socket belongs to. The kernel says which process that is, and its
ancestors say whose it is.
"""

import socket
import struct

from guest import commands, processes

_CREDENTIALS = struct.Struct("iII")
# How often the ancestors of a process are looked up while some of them end.
_LOOKUPS = 3


def peer(connection):
    """Returns the id of the process that has connected; 0 if the kernel doesn't say."""
    try:
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return _CREDENTIALS.unpack(credentials)[0]
    except (OSError, struct.error):
        return 0


def command_of(connection, active_calls):
    """Returns the number of the command whose process is at the other end, or for which a Python session runs that the
    process belongs to; None for background processes. Also returns the process and its ancestors.

    Raises `ProcessLookupError` if the process is gone.
    """
    pid = peer(connection)
    for _ in range(_LOOKUPS):
        ancestors = list(processes.ancestors(pid))
        call = next(filter(None, map(active_calls.served_by, ancestors)), None)
        if call:
            return call.number if isinstance(call, commands.Command) else None, ancestors
        if all(map(processes.exists, ancestors)):
            return None, ancestors
        if not processes.exists(pid):
            break
    raise ProcessLookupError
