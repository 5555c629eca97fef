"""A shell started ahead of its command: it has loaded, and waits at a pipe for what to run.

Starting bash is most of what a short command costs. A command that comes through the pipe runs as it would with `-c`:
same $0, $-, line numbers and exit codes, nothing left of the way it came. Only a syntax error names `eval`, not `-c`.
"""

import fcntl
import os

SHELL = "/bin/bash"

# Where the shell finds the pipe that its command comes through.
COMMAND_DESCRIPTOR = 9
WAITING_SCRIPT = (
    'IFS= read -r -d "" -u 9 BASH_EXECUTION_STRING || exit 0; exec 9<&-; SECONDS=0; eval -- "$BASH_EXECUTION_STRING"'
)
# Comes before a command that may write to no file: what it tries fails, and no signal ends it for that. Files can still
# be deleted, or cut to nothing.
NO_WRITING = "trap '' XFSZ; ulimit -f 0; "
# Bash reads a pipe byte by byte, so for a long command a fresh shell is quicker. A pipe takes as much at once.
LONGEST_COMMAND = 1024

_F_SETPIPE_SZ = 1031  # the fcntl module has no name for it before Python 3.10
_PIPE_SIZE = 256 * 1024


class Outputs:
    """Two pipes: our ends for reading, and the ends that are handed to whoever writes."""

    def __init__(self):
        self.stdout, stdout_write = os.pipe()
        self.stderr, stderr_write = os.pipe()
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
    """The guest's side of a shell that waits for its command."""

    def __init__(self, serial):
        self.serial = serial
        self.outputs = Outputs()
        command, self._command = os.pipe()
        os.set_blocking(self._command, False)
        self.outputs.passed.append(command)

    def run(self, command):
        """Hands over `command`. Returns whether the shell was there to take it."""
        try:
            os.write(self._command, command + b"\0")
            return True
        except OSError:
            return False
        finally:
            os.close(self._command)
            self._command = None

    def close(self):
        """The shell ends when it sees this."""
        if self._command is not None:
            os.close(self._command)
        self.outputs.close()
