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
        install()
    except OSError as error:
        guest.channel.log(f"py, Python that keeps its variables, is not available: {error.strerror}")
        return None
    os.environ["PATH"] = f"{DIRECTORY}:{os.environ.get('PATH', os.defpath)}"
    return PyCommand(guest, listener)


def install(directory=DIRECTORY, is_compiled=False):
    """Writes the program, whose first line names the guest's own interpreter.

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


class PyCommand:
    """Stands for the broker until a program connects. Has the methods that the event loop asks of relays."""

    def __init__(self, guest, listener):
        self._guest = guest
        self._broker = None
        listener.setblocking(False)
        self._listener = listener
        guest.loop.register(listener.fileno(), select.EPOLLIN, lambda events: self._accept())

    def _accept(self):
        if not self._broker:
            self._broker = py_broker.Broker(self._guest)
            try:
                install(is_compiled=True)
            except OSError as error:
                self._guest.channel.log(f"py stays as it is: {error.strerror}")
        self._broker.accept(self._listener)

    def seconds_to_wait(self):
        """Returns the seconds until the next check of timers; None if none is scheduled."""
        return self._broker.seconds_to_wait() if self._broker else None

    def check_timers(self):
        if self._broker:
            self._broker.check_timers()

    # Sessions don't depend on the server: the end of its commands disconnects the programs that wait for them.

    def suspend(self):
        """Handles the loss of the server."""

    def resume(self):
        """Handles that another server has connected."""
