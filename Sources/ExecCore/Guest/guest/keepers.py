"""Keepers: worker processes, children of the guest, that run one command at a time and track all of its processes.

A keeper is a child subreaper. Whatever a command's processes do to detach (setsid, double forks, a cleared
environment), they stay in the keeper's process tree, so the tree is the command. A keeper whose command left background
jobs isn't reused until they are gone. Keepers live on from call to call, which saves each call a fork of this
interpreter: starting bash from a keeper costs no more than elsewhere.

A keeper runs file operations in its own process.
"""

import errno
import json
import os
import select
import signal
import socket
import struct

from guest import artifacts, docstrings, files, shells, system

WORKSPACE = "/workspace"

# A keeper's report: the kind, a number, the serial of the shell that it concerns (0: none), and whether no process is
# left of what the keeper ran.
EXITED = 1  # a shell has exited: its wait status
NOT_STARTED = 2  # a shell could not be started: the error number
DONE = 3  # a file operation has ended
FREE = 4  # the background jobs of an earlier command are gone
REPORT = struct.Struct(">BII?")

_LENGTH = struct.Struct(">I")
_MOST_DESCRIPTORS = 3
_NICENESS = 5
# __WALL: also reap "clone" children, which may have requested a signal other than SIGCHLD at their exit.
_WALL = 0x40000000
_RESET_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)

_OPERATIONS = {
    "write_file": files.write_file,
    "read_file": files.read_file,
    "read_docstring": docstrings.read_docstring,
    "list_artifacts": artifacts.list_artifacts,
    "read_artifact": artifacts.read_artifact,
}


class Keeper:
    """The guest's side of a keeper: its process id, the socket to it, and its prewarmed shell."""

    __slots__ = ("_serial", "is_lasting", "pid", "socket", "waiting")

    def __init__(self, score, confine=None, is_lasting=True):
        """`confine`: called first in the child; the confinement is inherited by everything the keeper starts. A keeper
        that is not lasting serves a single call."""
        self._serial = 0
        self.is_lasting = is_lasting
        self.waiting = None
        self.socket, theirs = socket.socketpair()
        try:
            score.raise_for_child()
            try:
                self.pid = os.fork()
            except OSError:
                self.socket.close()
                raise
            if self.pid == 0:
                _live(theirs, confine)
            score.lower_for_guest()
            self.socket.setblocking(False)
        finally:
            theirs.close()

    def send(self, data, descriptors=()):
        """Sends as much as the socket accepts. Returns the number of bytes sent."""
        if descriptors:
            return socket.send_fds(self.socket, [data], descriptors)
        return self.socket.send(data)

    def prepare_shell(self):
        """Prewarms a shell. Returns whether one is running or being started.

        Raises `OSError` if no descriptors are available, or if this user has too many in flight between processes.
        """
        if self.waiting is None:
            self.waiting = shells.WaitingShell(self._serial + 1)
            self._serial += 1
            try:
                task = encode_task({"method": "prepare", "serial": self._serial})
                self.send(task, self.waiting.outputs.passed)
                self.waiting.outputs.drop_passed()
            except (ConnectionError, BlockingIOError):
                # The keeper is dead or doesn't read its socket.
                self.drop_shell()
            except OSError:
                self.drop_shell()
                raise
        return self.waiting is not None

    def take_shell(self):
        """Returns the prewarmed shell and hands its ownership to the caller; None if it is missing."""
        shell, self.waiting = self.waiting, None
        return shell

    def drop_shell(self):
        if self.waiting is not None:
            self.waiting.close()
            self.waiting = None

    def close(self):
        """Closes the socket, at which the keeper exits; its remaining processes become children of the guest."""
        self.drop_shell()
        self.socket.close()


def encode_task(value):
    """Returns the bytes that send a task to a keeper; its descriptors are passed along with the first of them."""
    text = json.dumps(value).encode()
    return _LENGTH.pack(len(text)) + text


def _live(task_socket, confine):
    """Runs the keeper in the child process. Never returns."""
    try:
        # Close the channel, and the guest's ends of other keepers' sockets: while they are open here, those keepers
        # would not see the guest close them.
        os.closerange(3, task_socket.fileno())
        os.closerange(task_socket.fileno() + 1, 1 << 16)
        system.restore_file_limit()
        if confine:
            confine()
        _KeeperProcess(task_socket).run()
    except BaseException:  # noqa: B036
        # The guest sees the socket close; there is nothing else to notify.
        pass
    finally:
        os._exit(70)


class _Stopped(BaseException):
    """SIGTERM arrived during a file operation: unwind, so that temporary files are removed."""


class _Body:
    """The body of a file operation: reads exactly the announced number of bytes from the socket."""

    def __init__(self, source, size):
        self.size = size
        self._source = source
        self._left = size

    def read(self, count):
        piece = self._source.recv(min(count, self._left)) if self._left else b""
        if self._left and not piece:
            raise EOFError
        self._left -= len(piece)
        return piece


class _KeeperProcess:
    """The keeper's side: the event loop of the worker process."""

    def __init__(self, task_socket):
        self._socket = task_socket
        self._shell = None
        # The inode of the socket from which the shell reads its command.
        self._command = None
        self._serial = 0
        self._retired = False
        self._ends = system.signal_descriptor(signal.SIGCHLD)
        # A command that signals every process it can must not end its own keeper by accident.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        system.take_name("sandbox-worker")
        os.setsid()
        os.nice(_NICENESS)
        system.become_subreaper()
        self._null = os.open("/dev/null", os.O_RDONLY)

    def run(self):
        poll = select.poll()
        poll.register(self._ends, select.POLLIN)
        poll.register(self._socket, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._ends:
                    self._reap()
                else:
                    self._take_task()

    def _take_task(self):
        head, passed, _, _ = self._socket.recvmsg(
            _LENGTH.size, socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS), socket.MSG_CMSG_CLOEXEC
        )
        if not head:
            os._exit(0)
        length = _LENGTH.unpack(head + self._receive(_LENGTH.size - len(head)))[0]
        task = json.loads(self._receive(length))
        data = passed[0][2]
        descriptors = struct.unpack(f"{len(data) // 4}i", data)
        try:
            if task["method"] == "prepare":
                # The guest assigns serials: a shell whose request was never delivered has used one up.
                self._serial = task["serial"]
                self._prepare(*descriptors)
            else:
                self._operate(task, *descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if task["method"] in _OPERATIONS:
            self._report(DONE, 0, 0)

    def _receive(self, count):
        pieces = []
        body = _Body(self._socket, count)
        while piece := body.read(1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def _prepare(self, stdout, stderr, command):
        """Starts a prewarmed shell."""
        self._command = os.fstat(command).st_ino
        actions = [
            (os.POSIX_SPAWN_DUP2, self._null, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, stderr, 2),
            (os.POSIX_SPAWN_DUP2, command, shells.COMMAND_DESCRIPTOR),
        ]
        try:
            os.chdir(WORKSPACE)
            self._shell = os.posix_spawn(
                shells.SHELL,
                [shells.SHELL, "-c", shells.WAITING_SCRIPT],
                os.environ,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=_RESET_SIGNALS,
            )
        except OSError as error:
            self._shell = None
            self._report(NOT_STARTED, error.errno or errno.EIO, self._serial)

    def _operate(self, task, stdout, stderr):
        """Runs a file operation; writes its body to `stdout` and its outcome as JSON to `stderr`."""
        body = _Body(self._socket, task["params"].get("size", 0))
        signal.signal(signal.SIGTERM, _stop)
        try:
            outcome = {"result": _OPERATIONS[task["method"]](task["params"], body, stdout)}
        except files.Refusal as refusal:
            outcome = {"failure": {"code": refusal.code, "message": str(refusal)}}
        except OSError as error:
            outcome = {"failure": files.describe(error, task["params"].get("file_path"))}
        except MemoryError:
            text = "The file needs more memory than there is for it."
            outcome = {"failure": {"code": "too_large", "message": text}}
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # The operation may fail before it has read the whole body; the rest would be taken for the next task.
        while body.read(1 << 20):
            pass
        os.write(stderr, json.dumps(outcome).encode())

    def _reap(self):
        """Reaps exited children first and clears the SIGCHLD notification afterwards: a call waits for the report."""
        is_free = self._take_ended()
        try:
            os.read(self._ends, 4096)
        except BlockingIOError:
            pass
        if not is_free:
            # A child that exited in between causes no further notification.
            self._take_ended()

    def _take_ended(self):
        """Reaps exited children and reports them. Returns whether no child is left."""
        ended = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | _WALL)
            except ChildProcessError:
                is_free = True
                break
            if pid == 0:
                is_free = False
                break
            if os.WIFSTOPPED(status):
                if pid == self._shell and self._is_waiting():
                    # Code in the sandbox stopped it before it received its command.
                    os.kill(pid, signal.SIGCONT)
            elif pid == self._shell:
                ended = status
        if ended is not None:
            self._shell = None
            self._retired = not is_free
            self._report(EXITED, ended, self._serial, is_free)
        elif self._retired and is_free:
            self._retired = False
            self._report(FREE, 0, 0)
        return is_free

    def _is_waiting(self):
        """Returns whether the shell still waits for its command."""
        try:
            return os.stat(f"/proc/{self._shell}/fd/{shells.COMMAND_DESCRIPTOR}").st_ino == self._command
        except OSError:
            return False

    def _report(self, kind, number, serial, is_free=True):
        self._socket.sendall(REPORT.pack(kind, number, serial, is_free))


def _stop(number, stack):
    raise _Stopped


def exit_code(wait_status):
    """Returns the exit code as a shell reports it: the process's own code, or 128 plus the signal number."""
    code = os.waitstatus_to_exitcode(wait_status)
    return 128 - code if code < 0 else code
