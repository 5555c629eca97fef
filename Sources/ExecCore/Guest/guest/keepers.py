"""Keepers: children of the guest that run one command at a time and keep hold of every process of it.

A keeper is a child subreaper. Whatever a command's processes do to detach (setsid, double forks, a cleared
environment), they stay in the keeper's tree, so that the tree is the command. A keeper whose command left background
jobs is not used again until they are gone. Keepers live on from call to call, which spares each call a fork of this
interpreter: starting bash from a keeper costs what it costs anywhere.

File operations are done by a keeper itself.
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

# What a keeper reports: a kind, a number, which of the shells that it was asked for it is about (0: none), and whether
# nothing is left of what it ran.
EXITED = 1  # a shell has ended: its wait status
NOT_STARTED = 2  # a shell could not be started: the error number
DONE = 3  # a file operation is over
FREE = 4  # the background jobs of an earlier command are gone
REPORT = struct.Struct(">BII?")

_LENGTH = struct.Struct(">I")
_MOST_DESCRIPTORS = 3
_NICENESS = 5
# Whoever waits for "clone" children as well: a child may have asked for another signal than SIGCHLD at its end.
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
    """The guest's side of a keeper: its process id, the socket to it, and the shell that it has waiting."""

    __slots__ = ("_serial", "is_lasting", "pid", "socket", "waiting")

    def __init__(self, score, confine=None, is_lasting=True):
        """`confine`: what it calls before all else; it binds whatever the keeper starts as well. A keeper that is not
        lasting is for one call."""
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
        """Sends what the socket takes. Returns how many bytes that was."""
        if descriptors:
            return socket.send_fds(self.socket, [data], descriptors)
        return self.socket.send(data)

    def prepare_shell(self):
        """Has a shell started that waits for its command. Returns whether one is there or on its way.

        Raises `OSError` if there are no descriptors for it, or too many of this user's are on their way to others.
        """
        if self.waiting is None:
            self.waiting = shells.WaitingShell(self._serial + 1)
            self._serial += 1
            try:
                task = encode_task({"method": "prepare", "serial": self._serial})
                self.send(task, self.waiting.outputs.passed)
                self.waiting.outputs.drop_passed()
            except (ConnectionError, BlockingIOError):
                # The keeper is dead or held up.
                self.drop_shell()
            except OSError:
                self.drop_shell()
                raise
        return self.waiting is not None

    def take_shell(self):
        """The waiting shell, which is the caller's from now on; None where there is none."""
        shell, self.waiting = self.waiting, None
        return shell

    def drop_shell(self):
        if self.waiting is not None:
            self.waiting.close()
            self.waiting = None

    def close(self):
        """The keeper ends when it sees this, and what it still holds passes to the guest."""
        self.drop_shell()
        self.socket.close()


def encode_task(value):
    """The bytes that hand a task to a keeper; the descriptors for it go with their first piece."""
    text = json.dumps(value).encode()
    return _LENGTH.pack(len(text)) + text


def _live(task_socket, confine):
    """The child's whole life. Never returns."""
    try:
        # The channel, and the guest's ends of the sockets of other keepers, which would not see them close.
        os.closerange(3, task_socket.fileno())
        os.closerange(task_socket.fileno() + 1, 1 << 16)
        system.restore_file_limit()
        if confine:
            confine()
        _KeeperProcess(task_socket).run()
    except BaseException:  # noqa: B036
        # The guest sees the end of the socket; there is nobody else to tell.
        pass
    finally:
        os._exit(70)


class _Stopped(BaseException):
    """SIGTERM came in a file operation: unwind, so that temporary files go."""


class _Body:
    """The bytes that come with a file operation, as many as it announced."""

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
    """The keeper itself."""

    def __init__(self, task_socket):
        self._socket = task_socket
        self._shell = None
        # The inode of the socket that the shell waits at.
        self._command = None
        self._serial = 0
        self._retired = False
        self._ends = system.signal_descriptor(signal.SIGCHLD)
        # A command that signals everything it may signal must not end its own keeper by accident.
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
                # Not counted here: a shell that could not be asked for has had its number.
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
        """Starts a shell that waits for its command."""
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
        """Runs a file operation; its bytes go to `stdout`, its outcome as JSON to `stderr`."""
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
        # A refusal may come before the end of the body, and what is left of it would pass for the next task.
        while body.read(1 << 20):
            pass
        os.write(stderr, json.dumps(outcome).encode())

    def _reap(self):
        """Takes the children that have ended, and only then the news that they have: somebody waits for the report."""
        is_free = self._take_ended()
        try:
            os.read(self._ends, 4096)
        except BlockingIOError:
            pass
        if not is_free:
            # One that has ended in between is not heard of any more.
            self._take_ended()

    def _take_ended(self):
        """Reports what has ended. Returns whether no child is left."""
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
                    # Code in the sandbox stopped it. The command that it will get knows nothing of that.
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
        """Whether the shell has not taken its command yet."""
        try:
            return os.stat(f"/proc/{self._shell}/fd/{shells.COMMAND_DESCRIPTOR}").st_ino == self._command
        except OSError:
            return False

    def _report(self, kind, number, serial, is_free=True):
        self._socket.sendall(REPORT.pack(kind, number, serial, is_free))


def _stop(number, stack):
    raise _Stopped


def exit_code(wait_status):
    """A shell's way to say how a process ended: its code, or 128 and the signal's number."""
    code = os.waitstatus_to_exitcode(wait_status)
    return 128 - code if code < 0 else code
