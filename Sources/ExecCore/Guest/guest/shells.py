"""A shell started ahead of its command: it has loaded, and waits at a socket for what to run.

Starting bash is most of what a short command costs. Every command comes this way, whatever its length, and runs as it
would with `-c`: same $0, $-, $_, line numbers and exit codes, nothing left of the way it came, and no word of it on the
command line, where `pkill -f` would find it. Only a syntax error names `eval`, not `-c`, and `set -x` marks lines with
one plus sign more.

It is a socket because nobody else can open one through /proc, as they could a pipe, to say what the shell is to run.
"""

import fcntl
import os

from guest import system

SHELL = "/bin/bash"

# Where the shell finds the socket that its command comes through.
COMMAND_DESCRIPTOR = 9
# A short command ends with a zero byte. Bash reads that byte by byte, so a long one, which follows an empty one, comes
# with its length ahead and is read in pieces. The length is one of characters, which are bytes for LC_ALL=C.
WAITING_SCRIPT = (
    'IFS= read -r -d "" -u 9 BASH_EXECUTION_STRING || exit 0; [[ $BASH_EXECUTION_STRING ]] || {'
    " IFS= read -r -u 9 BASH_EXECUTION_STRING"
    ' && LC_ALL=C IFS= read -r -N "$BASH_EXECUTION_STRING" -u 9 BASH_EXECUTION_STRING || exit 0; };'
    ' exec 9<&-; SECONDS=0; : "$BASH"; eval -- "$BASH_EXECUTION_STRING"'
)
_LONG = 96
# Comes before a command that may write to no file: what it tries fails, and no signal ends it for that. Files can still
# be deleted, or cut to nothing.
NO_WRITING = "trap '' XFSZ; ulimit -f 0; "

_F_SETPIPE_SZ = 1031  # the fcntl module has no name for it before Python 3.10
_PIPE_SIZE = 256 * 1024


class Outputs:
    """Two pipes: our ends for reading, and the ends that are handed to whoever writes."""

    def __init__(self):
        """Raises `OSError` if there are no descriptors for them."""
        self.stdout, stdout_write = os.pipe()
        try:
            self.stderr, stderr_write = os.pipe()
        except OSError:
            os.close(self.stdout)
            os.close(stdout_write)
            raise
        self.passed = [stdout_write, stderr_write]
        for descriptor in (self.stdout, self.stderr):
            os.set_blocking(descriptor, False)
        try:
            # Room for more between two reads. The kernel may refuse: then it stays as it was.
            fcntl.fcntl(self.stdout, _F_SETPIPE_SZ, _PIPE_SIZE)
        except OSError:
            pass

    def drop_passed(self):
        for descriptor in self.passed:
            os.close(descriptor)
        self.passed = []

    def close(self):
        self.drop_passed()
        os.close(self.stdout)
        os.close(self.stderr)


class WaitingShell:
    """The guest's side of a shell that waits for its command. Raises `OSError` if there are no descriptors for it."""

    def __init__(self, serial):
        self.serial = serial
        self.outputs = Outputs()
        # What it has not taken yet of its command.
        self.unsent = b""
        # Our end of the socket; -1 once the shell has all.
        try:
            self._socket, theirs = system.socket_pair()
        except OSError:
            self.outputs.close()
            raise
        os.set_blocking(self._socket, False)
        self.outputs.passed.append(theirs)

    def run(self, command):
        """Hands over `command`. Returns whether the shell was there to take it."""
        # Bash knows no zero bytes: a command ends at the first. An empty one would say that a long one follows.
        command = command.partition(b"\0")[0] or b" "
        is_long = len(command) > _LONG
        self.unsent = b"\0%d\n%s" % (len(command), command) if is_long else command + b"\0"
        return self.feed()

    def feed(self):
        """Sends what the shell takes of its command. Returns whether it is still there."""
        try:
            self.unsent = self.unsent[os.write(self._socket, self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent = b""
            return False
        if not self.unsent:
            self._close_socket()
        return True

    def fileno(self):
        """The descriptor that can be written to when the shell takes more; -1 when it has all."""
        return self._socket

    def stop_feeding(self):
        self.unsent = b""
        self._close_socket()

    def close(self):
        """The shell ends when it sees this."""
        self._close_socket()
        self.outputs.close()

    def _close_socket(self):
        if self._socket >= 0:
            os.close(self._socket)
            self._socket = -1
