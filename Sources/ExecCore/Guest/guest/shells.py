"""Prewarmed shells: bash is started ahead of its command, and waits at a socket for the command to run.

Starting bash is most of the cost of a short command. Every command, whatever its length, is sent this way and runs as
it would with `-c`: same $0, $-, $_, line numbers and exit codes, and no trace of how it was delivered. None of it is on
the command line, where `pkill -f` would find it. The only differences: a syntax error names `eval` instead of `-c`,
and `set -x` prefixes lines with one more plus sign.

It is a socket because, unlike a pipe, no other process can open it through /proc to inject a command.
"""

import fcntl
import os

from guest import system

SHELL = "/bin/bash"

# The shell's descriptor of the socket from which it reads its command.
COMMAND_DESCRIPTOR = 9
# A short command is terminated by a zero byte, which makes bash read byte by byte. So a long command is sent as an
# empty command, then its length on a line, then the command, which bash reads in blocks. `read -N` counts characters,
# which are bytes with LC_ALL=C.
PREWARM_SCRIPT = (
    'IFS= read -r -d "" -u 9 BASH_EXECUTION_STRING || exit 0; [[ $BASH_EXECUTION_STRING ]] || {'
    " IFS= read -r -u 9 BASH_EXECUTION_STRING"
    ' && LC_ALL=C IFS= read -r -N "$BASH_EXECUTION_STRING" -u 9 BASH_EXECUTION_STRING || exit 0; };'
    ' exec 9<&-; SECONDS=0; : "$BASH"; eval -- "$BASH_EXECUTION_STRING"'
)
_MAX_SHORT_COMMAND = 96
# Prefix for a command that must not write to any file: writes fail, without SIGXFSZ ending the command. Files can
# still be deleted or truncated to zero.
NO_WRITE_PREFIX = "trap '' XFSZ; ulimit -f 0; "

_F_SETPIPE_SZ = 1031  # the fcntl module has no name for it before Python 3.10
_PIPE_SIZE = 256 * 1024


class OutputPipes:
    """The pipes for standard output and standard error: our read ends, and the write ends to pass on."""

    def __init__(self):
        """Raises `OSError` if no descriptors are available."""
        self.stdout, stdout_write = os.pipe()
        try:
            self.stderr, stderr_write = os.pipe()
        except OSError:
            os.close(self.stdout)
            os.close(stdout_write)
            raise
        self.write_ends = [stdout_write, stderr_write]
        for descriptor in (self.stdout, self.stderr):
            os.set_blocking(descriptor, False)
        try:
            # A larger buffer needs fewer reads. If the kernel refuses, the default size stays.
            fcntl.fcntl(self.stdout, _F_SETPIPE_SZ, _PIPE_SIZE)
        except OSError:
            pass

    def close_write_ends(self):
        for descriptor in self.write_ends:
            os.close(descriptor)
        self.write_ends = []

    def close(self):
        self.close_write_ends()
        os.close(self.stdout)
        os.close(self.stderr)


class PrewarmedShell:
    """The guest's side of a prewarmed shell. Raises `OSError` if no descriptors are available."""

    def __init__(self, serial):
        self.serial = serial
        self.outputs = OutputPipes()
        # The part of the command that is not sent yet.
        self.unsent = b""
        # Our end of the socket; -1 once the whole command is sent.
        try:
            self._socket, shell_end = system.socket_pair()
        except OSError:
            self.outputs.close()
            raise
        os.set_blocking(self._socket, False)
        self.outputs.write_ends.append(shell_end)

    def send_command(self, command):
        """Sends `command` to the shell. Returns whether the shell is still running."""
        # Bash can't handle zero bytes, so a command ends at the first. An empty command would announce a long one.
        command = command.partition(b"\0")[0] or b" "
        is_long = len(command) > _MAX_SHORT_COMMAND
        self.unsent = b"\0%d\n%s" % (len(command), command) if is_long else command + b"\0"
        return self.send_rest()

    def send_rest(self):
        """Sends as much of the command as the socket accepts. Returns whether the shell is still running."""
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
        """Returns the descriptor to poll for writing the rest of the command; -1 once all of it is sent."""
        return self._socket

    def stop_sending(self):
        self.unsent = b""
        self._close_socket()

    def close(self):
        """Closes all descriptors; the shell exits when its socket closes."""
        self._close_socket()
        self.outputs.close()

    def _close_socket(self):
        if self._socket >= 0:
            os.close(self._socket)
            self._socket = -1
