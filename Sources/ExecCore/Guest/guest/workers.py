"""Children of the guest that do the work: each takes one task, a command to become or a file operation to do.

One is always forked ahead of the next call, with its pipes, its session and its subreaper mark already in place, so
that a call does not wait for a fork. Until it becomes a command it is a copy of the guest and, like it, undumpable.
"""

import fcntl
import json
import os
import resource
import signal
import socket
import struct

from guest import docstrings, files, processes, system

SHELL = "/bin/bash"
HOME_DIRECTORY = "/workspace"

_F_SETPIPE_SZ = 1031  # the fcntl module has no name for it before Python 3.10
_PIPE_SIZE = 256 * 1024
# A longer command does not fit an argument of exec (MAX_ARG_STRLEN, 128 KiB).
_ARGUMENT_LIMIT = 120 * 1024
_COMMAND_NICENESS = 5
_LENGTH = struct.Struct(">I")

_OPERATIONS = {
    "write_file": files.write_file,
    "read_file": files.read_file,
    "read_docstring": docstrings.read_docstring,
}


class Worker:
    """The guest's side of a child: its id, its outputs, and the socket that its task and its input go into."""

    __slots__ = ("pid", "socket", "stdout", "stderr")

    def __init__(self, score):
        self.socket, task_socket = socket.socketpair()
        pipes = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            score.raise_for_child()
            self.pid = os.fork()
        except OSError:
            score.lower_for_guest()
            task_socket.close()
            self.socket.close()
            for descriptor in pipes:
                os.close(descriptor)
            raise
        self.stdout, stdout_write, self.stderr, stderr_write = pipes
        if self.pid == 0:
            self.socket.close()
            _live(task_socket.fileno(), stdout_write, stderr_write)
        score.lower_for_guest()
        task_socket.close()
        os.close(stdout_write)
        os.close(stderr_write)
        self.socket.setblocking(False)
        os.set_blocking(self.stdout, False)
        os.set_blocking(self.stderr, False)

    def close_input(self):
        """Tells the child that no more comes. A copy of the socket in a later worker does not keep it open."""
        if self.socket is not None:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            self.socket.close()
            self.socket = None

    def close(self):
        self.close_input()
        os.close(self.stdout)
        os.close(self.stderr)


def encode_task(value):
    """The bytes that hand a task to a worker."""
    text = json.dumps(value).encode()
    return _LENGTH.pack(len(text)) + text


def _live(task_socket, stdout, stderr):
    """The child's whole life. Never returns."""
    status = 70
    try:
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.setsid()
        os.nice(_COMMAND_NICENESS)
        system.become_subreaper()
        _widen(stdout)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        length = _LENGTH.unpack(_receive(task_socket, _LENGTH.size))[0]
        task = json.loads(_receive(task_socket, length))
        if task["method"] == "execute":
            _become_command(task)
        else:
            status = _do_file_operation(task, task_socket)
    except EOFError:
        status = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def _widen(pipe):
    """Makes room for more output between two reads of the guest. The kernel may refuse: then it stays as it was."""
    try:
        fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_SIZE)
    except OSError:
        pass


def _receive(descriptor, count):
    data = b""
    while len(data) < count:
        piece = os.read(descriptor, count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _become_command(task):
    command = task["command"]
    environment = dict(os.environ)
    environment[processes.CALL_VARIABLE] = str(task["call"])
    try:
        os.chdir(HOME_DIRECTORY)
    except OSError as error:
        os.write(2, f"cannot enter {HOME_DIRECTORY}: {error.strerror}\n".encode())
        os._exit(126)
    environment["PWD"] = HOME_DIRECTORY
    if len(command.encode()) < _ARGUMENT_LIMIT:
        arguments = [SHELL, "-c", command]
    else:
        script = os.memfd_create("command", 0)
        with open(script, "wb", closefd=False) as file:
            file.write(command.encode())
        arguments = [SHELL, f"/proc/self/fd/{script}"]
    try:
        os.execve(SHELL, arguments, environment)
    except OSError as error:
        os.write(2, f"cannot run {SHELL}: {error.strerror}. The image must have bash.\n".encode())
        os._exit(127)


class _Stopped(BaseException):
    """SIGTERM came: unwind, so that temporary files go."""


def _stop(number, stack):
    raise _Stopped


def _do_file_operation(task, task_socket):
    """Runs the operation; its bytes go to standard output, its outcome as JSON to standard error."""
    signal.signal(signal.SIGTERM, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    try:
        outcome = {"result": _OPERATIONS[task["method"]](task["params"], task_socket)}
    except files.Refusal as refusal:
        outcome = {"failure": {"code": refusal.code, "message": str(refusal)}}
    except OSError as error:
        outcome = {"failure": files.describe(error, task["params"].get("file_path"))}
    except MemoryError:
        outcome = {"failure": {"code": "too_large", "message": "The file needs more memory than the sandbox has."}}
    os.write(2, json.dumps(outcome).encode())
    return 0
