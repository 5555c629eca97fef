"""Workers: worker processes, children of the guest, that run one command at a time and track all of its processes.

A worker is a child subreaper. Whatever a command's processes do to detach (setsid, double forks, a cleared
environment), they stay in the worker's process tree, so the tree is the command. A worker whose command left background
jobs isn't reused until they are gone. Workers live on from call to call, which saves each call a fork of this
interpreter: starting bash from a worker costs no more than elsewhere.

A worker runs file operations in its own process.
"""

import errno
import json
import os
import select
import signal
import socket
import struct

from guest import artifacts, docstrings, file_transfers, files, module_files, shells, system

WORKSPACE = "/workspace"

# A worker's report: the kind, a number, the serial of the shell that it concerns (0: none), and whether no process is
# left of what the worker ran.
EXITED = 1  # a shell has exited: its wait status
NOT_STARTED = 2  # a shell could not be started: the error number
DONE = 3  # a file operation has ended
DRAINED = 4  # the background jobs of an earlier command are gone
PROGRAM_STARTED = 5  # a program that isn't part of a command has started: its process id
PROGRAM_ENDED = 6  # it has ended, or could not be started: its wait status
REPORT = struct.Struct(">BII?")

# A program's descriptor of the socket to the guest.
PROGRAM_DESCRIPTOR = 3
# The wait status of a program that could not be started: exit code 127.
_NOT_STARTED_STATUS = 127 << 8

_LENGTH = struct.Struct(">I")
_MAX_DESCRIPTORS = 3
_NICENESS = 5
# __WALL: also reap "clone" children, which may have requested a signal other than SIGCHLD at their exit.
_WALL = 0x40000000
_RESET_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)


def _from_transfers(name):
    """Returns an operation of `file_transfers` that doesn't load the module before its first use."""

    def run(*arguments):
        return getattr(file_transfers, name)(*arguments)

    run.__name__ = name
    return run


_OPERATIONS = {
    "write_file": files.write_file,
    "read_file": files.read_file,
    "read_docstring": docstrings.read_docstring,
    "list_artifacts": artifacts.list_artifacts,
    "read_artifact": artifacts.read_artifact,
    "install_modules": module_files.install_modules,
    **{
        name: _from_transfers(name)
        for name in ("store_file", "read_part", "list_directory", "delete_file", "measure_workspace")
    },
}


class Worker:
    """The guest's side of a worker: its process id, the socket to it, and its prewarmed shell."""

    __slots__ = ("_serial", "is_reusable", "pid", "socket", "prewarmed")

    def __init__(self, oom_score, confine=None, is_reusable=True):
        """`confine`: called first in the child; the confinement is inherited by everything the worker starts. A worker
        that is not lasting serves a single call."""
        self._serial = 0
        self.is_reusable = is_reusable
        self.prewarmed = None
        self.socket, child_end = socket.socketpair()
        try:
            oom_score.raise_for_child()
            try:
                self.pid = os.fork()
            except OSError:
                self.socket.close()
                raise
            if self.pid == 0:
                _run_child(child_end, confine)
            oom_score.lower_for_guest()
            self.socket.setblocking(False)
        finally:
            child_end.close()

    def send(self, data, descriptors=()):
        """Sends as much as the socket accepts. Returns the number of bytes sent."""
        if descriptors:
            return socket.send_fds(self.socket, [data], descriptors)
        return self.socket.send(data)

    def prewarm_shell(self):
        """Prewarms a shell. Returns whether one is running or being started.

        Raises `OSError` if no descriptors are available, or if this user has too many in flight between processes.
        """
        if self.prewarmed is None:
            self.prewarmed = shells.PrewarmedShell(self._serial + 1)
            self._serial += 1
            try:
                task = encode_task({"method": "prepare", "serial": self._serial})
                self.send(task, self.prewarmed.outputs.write_ends)
                self.prewarmed.outputs.close_write_ends()
            except (ConnectionError, BlockingIOError):
                # The worker is dead or doesn't read its socket.
                self.discard_shell()
            except OSError:
                self.discard_shell()
                raise
        return self.prewarmed is not None

    def acquire_shell(self):
        """Returns the prewarmed shell and hands its ownership to the caller; None if it is missing."""
        shell, self.prewarmed = self.prewarmed, None
        return shell

    def discard_shell(self):
        if self.prewarmed is not None:
            self.prewarmed.close()
            self.prewarmed = None

    def close(self):
        """Closes the socket, at which the worker exits; its remaining processes become children of the guest."""
        self.discard_shell()
        self.socket.close()


def encode_task(value):
    """Returns the bytes that send a task to a worker; its descriptors are passed along with the first of them."""
    text = json.dumps(value).encode()
    return _LENGTH.pack(len(text)) + text


def _run_child(task_socket, confine):
    """Runs the worker in the child process. Never returns."""
    try:
        # Close the channel, and the guest's ends of other workers' sockets: while they are open here, those workers
        # would not see the guest close them.
        os.closerange(3, task_socket.fileno())
        os.closerange(task_socket.fileno() + 1, 1 << 16)
        system.restore_file_limit()
        if confine:
            confine()
        _WorkerProcess(task_socket).run()
    except BaseException:  # noqa: B036
        # The guest sees the socket close; there is nothing else to notify.
        pass
    finally:
        os._exit(70)


class _Terminated(BaseException):
    """SIGTERM arrived during a file operation: unwind, so that temporary files are removed."""


class _RequestBody:
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


class _WorkerProcess:
    """The worker's side: the event loop of the worker process."""

    def __init__(self, task_socket):
        self._socket = task_socket
        self._shell = None
        # The inode of the socket from which the shell reads its command.
        self._command_inode = None
        self._serial = 0
        # The process id of a program that isn't part of a command.
        self._program = None
        self._is_draining = False
        self._child_signals = system.signal_descriptor(signal.SIGCHLD)
        # A command that signals every process it can must not end its own worker by accident.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        system.set_process_name("sandbox-worker")
        os.setsid()
        os.nice(_NICENESS)
        system.become_subreaper()
        self._null = os.open("/dev/null", os.O_RDONLY)

    def run(self):
        poll = select.poll()
        poll.register(self._child_signals, select.POLLIN)
        poll.register(self._socket, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._child_signals:
                    self._reap()
                else:
                    self._handle_task()

    def _handle_task(self):
        header, passed, _, _ = self._socket.recvmsg(
            _LENGTH.size, socket.CMSG_SPACE(4 * _MAX_DESCRIPTORS), socket.MSG_CMSG_CLOEXEC
        )
        if not header:
            os._exit(0)
        length = _LENGTH.unpack(header + self._receive(_LENGTH.size - len(header)))[0]
        task = json.loads(self._receive(length))
        data = passed[0][2]
        descriptors = struct.unpack(f"{len(data) // 4}i", data)
        try:
            if task["method"] == "prepare":
                # The guest assigns serials: a shell whose request was never delivered has used one up.
                self._serial = task["serial"]
                self._prewarm(*descriptors)
            elif task["method"] == "run_program":
                self._run_program(task["arguments"], *descriptors)
            else:
                self._run_operation(task, *descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if task["method"] in _OPERATIONS:
            self._report(DONE, 0, 0)

    def _receive(self, count):
        pieces = []
        body = _RequestBody(self._socket, count)
        while piece := body.read(1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def _prewarm(self, stdout, stderr, command):
        """Starts a prewarmed shell."""
        self._command_inode = os.fstat(command).st_ino
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
                [shells.SHELL, "-c", shells.PREWARM_SCRIPT],
                os.environ,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=_RESET_SIGNALS,
            )
        except OSError as error:
            self._shell = None
            self._report(NOT_STARTED, error.errno or errno.EIO, self._serial)

    def _run_program(self, arguments, control):
        """Starts a program that isn't part of a command. It gets a socket in the place of a command's."""
        null = os.open("/dev/null", os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in range(3)]
        actions.append((os.POSIX_SPAWN_DUP2, control, PROGRAM_DESCRIPTOR))
        try:
            os.chdir(WORKSPACE)
            self._program = os.posix_spawn(
                arguments[0],
                arguments,
                os.environ,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=_RESET_SIGNALS,
            )
        except OSError:
            self._report(PROGRAM_ENDED, _NOT_STARTED_STATUS, 0)
        else:
            # Reports when nothing is left of it, as of background jobs.
            self._is_draining = True
            self._report(PROGRAM_STARTED, self._program, 0, False)
        finally:
            os.close(null)

    def _run_operation(self, task, stdout, stderr):
        """Runs a file operation; writes its body to `stdout` and its outcome as JSON to `stderr`."""
        body = _RequestBody(self._socket, _body_size(task))
        signal.signal(signal.SIGTERM, _on_sigterm)
        try:
            outcome = {"result": _OPERATIONS[task["method"]](task["params"], body, stdout)}
        except files.OperationError as error:
            outcome = {"failure": {"code": error.code, "message": str(error)}}
        except OSError as error:
            outcome = {"failure": files.describe(error, task["params"].get("file_path"))}
        except MemoryError:
            text = "The file needs more memory than is available."
            outcome = {"failure": {"code": "too_large", "message": text}}
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # The operation may fail before it has read the whole body; the rest would be taken for the next task.
        while body.read(1 << 20):
            pass
        os.write(stderr, json.dumps(outcome).encode())

    def _reap(self):
        """Reaps exited children first and clears the SIGCHLD notification afterwards: a call waits for the report."""
        is_tree_empty = self._reap_children()
        try:
            os.read(self._child_signals, 4096)
        except BlockingIOError:
            pass
        if not is_tree_empty:
            # A child that exited in between causes no further notification.
            self._reap_children()

    def _reap_children(self):
        """Reaps exited children and reports them. Returns whether no child is left."""
        shell_status = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | _WALL)
            except ChildProcessError:
                is_tree_empty = True
                break
            if pid == 0:
                is_tree_empty = False
                break
            if os.WIFSTOPPED(status):
                if pid == self._shell and self._is_awaiting_command():
                    # Code in the sandbox stopped it before it received its command.
                    os.kill(pid, signal.SIGCONT)
            elif pid == self._shell:
                shell_status = status
            elif pid == self._program:
                self._program = None
                self._report(PROGRAM_ENDED, status, 0, False)
        if shell_status is not None:
            self._shell = None
            self._is_draining = not is_tree_empty
            self._report(EXITED, shell_status, self._serial, is_tree_empty)
        elif self._is_draining and is_tree_empty:
            self._is_draining = False
            self._report(DRAINED, 0, 0)
        return is_tree_empty

    def _is_awaiting_command(self):
        """Returns whether the shell still waits for its command."""
        try:
            return os.stat(f"/proc/{self._shell}/fd/{shells.COMMAND_DESCRIPTOR}").st_ino == self._command_inode
        except OSError:
            return False

    def _report(self, kind, number, serial, is_tree_empty=True):
        self._socket.sendall(REPORT.pack(kind, number, serial, is_tree_empty))


def _body_size(task):
    params = task["params"]
    return module_files.total_size(params) if task["method"] == "install_modules" else params.get("size", 0)


def _on_sigterm(number, stack):
    raise _Terminated


def exit_code(wait_status):
    """Returns the exit code as a shell reports it: the process's own code, or 128 plus the signal number."""
    code = os.waitstatus_to_exitcode(wait_status)
    return 128 - code if code < 0 else code
