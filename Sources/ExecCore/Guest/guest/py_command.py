"""The command `py`: installs its program in the sandbox and listens for it. `py_broker`, which is loaded at the first
use, does the rest.
"""

import marshal
import os
import select
import socket
import sys

from guest import py_broker, py_client

# In memory, and first in PATH.
DIRECTORY = "/run/exec-mcp"
# In the abstract namespace, which needs no file.
NAME = "\0exec-mcp-py"

_BACKLOG = 64


def start(guest):
    """Installs the program and opens the socket, before the first worker is started. Returns None if that fails: the
    sandbox has no `py` then.
    """
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(NAME)
        listener.listen(_BACKLOG)
        identity = install()
    except OSError as error:
        guest.channel.log(f"py, Python that keeps its variables, is not available: {error.strerror}")
        return None
    os.environ["PATH"] = f"{DIRECTORY}:{os.environ.get('PATH', os.defpath)}"
    return PyCommand(guest, listener, identity)


def install(directory=DIRECTORY, is_compiled=False):
    """Writes the program, whose first line names the guest's own interpreter. Returns its identity.

    To compile it takes a tenth of the program's time. That is saved from the second use on, since a sandbox's start
    would have to wait for it.
    """
    text = py_client.__source__.partition("\n")[2]
    if is_compiled:
        compiled = marshal.dumps(compile(text, "<py>", "exec", dont_inherit=True))
        text = f"import marshal\nexec(marshal.loads({compiled!r}))\n"
    path = os.path.join(directory, "py")
    temporary = path + ".new"
    with open(temporary, "w") as file:
        file.write(f"#!{sys.executable} -IS\n{text}")
    os.chmod(temporary, 0o755)
    os.replace(temporary, path)
    return _identity(directory)


def _identity(directory):
    """Returns what tells whether the program is still the one that was installed; None if it isn't there."""
    try:
        status = os.stat(os.path.join(directory, "py"))
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode


class PyCommand:
    """Stands for the broker until a program connects. Has the methods that the event loop asks of relays."""

    def __init__(self, guest, listener, identity):
        self._guest = guest
        self._broker = None
        self._identity = identity
        self._is_reported = False
        listener.setblocking(False)
        self._listener = listener
        guest.loop.register(listener.fileno(), select.EPOLLIN, lambda events: self._accept())

    def _accept(self):
        if not self._broker:
            self._broker = py_broker.Broker(self._guest)
            try:
                self._identity = install(is_compiled=True)
            except OSError as error:
                self._guest.channel.log(f"py stays as it is: {error.strerror}")
        self._broker.accept(self._listener)

    def seconds_to_wait(self):
        """Returns the seconds until the next check of timers; None if none is scheduled."""
        return self._broker.seconds_to_wait() if self._broker else None

    def check_timers(self):
        if self._broker:
            self._broker.check_timers()
        if _identity(DIRECTORY) != self._identity:
            self._repair()

    def _repair(self):
        """Installs the program again: code in the sandbox runs as the same user and has removed or changed it."""
        try:
            self._identity = install(is_compiled=bool(self._broker))
        except OSError as error:
            if not self._is_reported:
                self._guest.channel.log(f"py is gone, and can't be installed again: {error.strerror}")
            self._is_reported = True
            return
        self._is_reported = False
        self._broker = self._broker or py_broker.Broker(self._guest)
        self._broker.remark = "this program had been removed or changed, and is installed again"

    # Sessions don't depend on the server: the end of its commands disconnects the programs that wait for them.

    def suspend(self):
        """Handles the loss of the server."""

    def resume(self):
        """Handles that another server has connected."""
