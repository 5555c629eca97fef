#!/usr/bin/env python3
"""The process of a Python session: runs the pieces of code that `py` sends, one after the other, in `__main__`.

Runs below a worker, as a program of its own: it shares no module with the guest.
"""

import __future__

import _ast
import faulthandler
import fcntl
import importlib
import linecache
import os
import resource
import signal
import socket
import struct
import sys
import time
import traceback

_PROCESS_NAME = "py-session"
_MAX_MESSAGE = 256
_MAX_DESCRIPTORS = 4
# Far from the numbers that programs use or close by themselves.
_CONTROL_DESCRIPTOR = 200
_ONLY_TREE, _ALLOW_AWAIT = _ast.PyCF_ONLY_AST, 0x2000
_IS_COROUTINE = 0x80
_FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
# How many pieces' source lines are kept for tracebacks, in characters.
_MAX_SOURCES = 16 * 1024 * 1024
_MAX_NAMES = 120
_INTERRUPTED = 130


class Piece:
    """A piece of code, and what was around `py` when it was sent."""

    def __init__(self, descriptor):
        data, at = os.pread(descriptor, os.fstat(descriptor).st_size, 0), 0
        fields = []
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "little")
            fields.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        kind, self.source, arguments, self.directory, environment, mask, limits = fields
        self.kind = os.fsdecode(kind)
        self.arguments = list(map(os.fsdecode, arguments.split(b"\0")))
        pairs = (entry.partition(b"=") for entry in environment.split(b"\0") if entry)
        self.environment = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
        self.umask = int(mask, 8)
        self.limits = _soft_limits(limits.decode())

    @property
    def is_file(self):
        return self.kind not in ("-", "-c")


class Session:
    def __init__(self, control, display):
        self._display = display
        self._control = socket.socket(fileno=fcntl.fcntl(control.fileno(), fcntl.F_DUPFD_CLOEXEC, _CONTROL_DESCRIPTOR))
        control.close()
        self._process = os.getpid()
        self._main = sys.modules["__main__"].__dict__
        self._own_names = set(self._main)
        self._environment = dict(os.environ)
        self._umask = os.umask(0)
        os.umask(self._umask)
        # Limits that a piece has, to be set back, since the session itself must be able to go on: by number.
        self._limits_before = {}
        self._null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        self._streams = sys.stdout, sys.stderr
        self._number = 0
        self._flags = 0
        self._sources = []
        self._loop = None
        signal.signal(signal.SIGINT, _ignore)
        os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self):
        self._control.close()

    def run(self):
        """Runs pieces until the guest closes the session."""
        while True:
            space = socket.CMSG_SPACE(4 * _MAX_DESCRIPTORS)
            message, passed, _, _ = self._control.recvmsg(_MAX_MESSAGE, space, socket.MSG_CMSG_CLOEXEC)
            kind, _, name = message.partition(b"\0")
            if kind != b"run":
                return
            rights = passed[0][2]
            status = self._run_piece(name.decode(), struct.unpack(f"{len(rights) // 4}i", rights))
            if os.getpid() != self._process:
                # The piece has forked, and this is the child: its program has ended.
                os._exit(status)
            names = self._names()
            message = "done", str(status), str(len(names)), _enumeration(names)
            self._control.send("\0".join(message).encode("utf-8", "replace"))

    def _names(self):
        is_shown = lambda name, value: not name.startswith("_") and type(value) is not type(sys)  # noqa: E731
        return [name for name, value in list(self._main.items()) if isinstance(name, str) and is_shown(name, value)]

    # One piece

    def _run_piece(self, name, descriptors):
        """Runs a piece with the streams of its `py`. Returns the exit code."""
        *streams, code = descriptors
        for descriptor, stream in enumerate(streams):
            os.dup2(stream, descriptor)
            os.close(stream)
        status = 1
        try:
            piece = Piece(code)
            os.close(code)
            status = self._run_guarded(name, piece)
        except BaseException:  # noqa: B036
            # An interrupt outside the code, or an error while it was reported.
            pass
        finally:
            signal.signal(signal.SIGINT, _ignore)
            self._flush()
            if os.getpid() == self._process:
                for descriptor in range(3):
                    os.dup2(self._null, descriptor)
        return status

    def _run_guarded(self, name, piece):
        self._number += 1
        label = str(self._number) if name == "main" else f"{name} {self._number}"
        filename = os.path.join(os.fsdecode(piece.directory), piece.kind) if piece.is_file else f"<py {label}>"
        self._reset_streams()
        self._enter(piece, filename)
        try:
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                self._execute(piece, filename)
                return 0
            except SystemExit as error:
                return _exit_code(error)
            except BaseException as error:  # noqa: B036
                _print(error, filename)
                if type(error) is NameError and self._number == 1:
                    text = f"py: session '{name}' has started with this call: it has no variables of earlier calls\n"
                    sys.stderr.write(text)
                return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
            finally:
                if os.getpid() == self._process:
                    self._display.save_figures()
        finally:
            signal.signal(signal.SIGINT, _ignore)
            self._leave(piece)

    def _execute(self, piece, filename):
        self._remember(piece, filename)
        tree = self._compile(piece.source, filename, _ONLY_TREE | _ALLOW_AWAIT)
        value = None
        is_shown = not piece.is_file and tree.body and isinstance(tree.body[-1], _ast.Expr)
        last = _ast.Expression(tree.body.pop().value) if is_shown else None
        if tree.body:
            self._evaluate(self._compile(tree, filename, _ALLOW_AWAIT))
        if last:
            value = self._evaluate(self._compile(last, filename, _ALLOW_AWAIT, "eval"))
            if not _ends_with_semicolon(piece.source):
                self._display.show(value)

    def _compile(self, source, filename, flags, mode="exec"):
        """Compiles a part of a piece. What it imports from `__future__` applies to the pieces that follow as well."""
        compiled = compile(source, filename, mode, flags=flags | self._flags, dont_inherit=True)
        if not flags & _ONLY_TREE:
            self._flags |= compiled.co_flags & _FUTURES
        return compiled

    def _evaluate(self, compiled):
        value = eval(compiled, self._main)
        return self._await(value) if compiled.co_flags & _IS_COROUTINE else value

    def _await(self, coroutine):
        """Runs a coroutine on the session's event loop, which keeps the tasks of earlier pieces."""
        import asyncio

        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        task = self._loop.create_task(coroutine)
        try:
            return self._loop.run_until_complete(task)
        except KeyboardInterrupt:
            if task.done():
                raise
            task.cancel()
            try:
                return self._loop.run_until_complete(task)
            except asyncio.CancelledError as error:
                # It knows where the code was.
                raise KeyboardInterrupt().with_traceback(error.__traceback__) from None

    def _remember(self, piece, filename):
        """Keeps the source lines for tracebacks."""
        text = piece.source.decode("utf-8", "replace")
        linecache.cache[filename] = len(text), None, text.splitlines(True), filename
        self._sources.append((filename, len(text)))
        while sum(size for _, size in self._sources) > _MAX_SOURCES and len(self._sources) > 1:
            linecache.cache.pop(self._sources.pop(0)[0], None)

    # Around a piece

    def _reset_streams(self):
        """Gives the code standard streams that work, whatever an earlier piece did to them."""
        for name, number in (("stdout", 1), ("stderr", 2)):
            stream = getattr(sys, f"__{name}__")
            if stream is None or stream.closed:
                stream = open(number, "w", closefd=False, errors="backslashreplace")
                setattr(sys, f"__{name}__", stream)
            setattr(sys, name, stream)
        # A new one, which has read nothing of the streams before.
        sys.stdin = sys.__stdin__ = open(0, closefd=False, errors="surrogateescape")

    def _enter(self, piece, filename):
        changed = {name: value for name, value in piece.environment.items() if self._environment.get(name) != value}
        for name in self._environment.keys() - piece.environment.keys():
            os.environ.pop(name, None)
        os.environ.update(changed)
        self._environment = piece.environment
        try:
            os.chdir(piece.directory)
        except OSError as error:
            sys.stderr.write(f"py: the working directory {piece.directory!r} can't be used: {error.strerror}\n")
        if piece.umask != self._umask:
            os.umask(piece.umask)
            self._umask = piece.umask
        self._limit(piece.limits)
        sys.argv = piece.arguments
        self._place = os.path.dirname(filename) if piece.is_file else ""
        sys.path.insert(0, self._place)
        if piece.is_file:
            self._main["__file__"] = filename
        # Modules may have been written since, and a warning counts for the piece that caused it.
        importlib.invalidate_caches()
        self._main.pop("__warningregistry__", None)

    def _limit(self, limits):
        """Sets the soft limits of the shell that has sent the piece."""
        for number, soft in limits.items():
            before, hard = resource.getrlimit(number)
            if number == resource.RLIMIT_CPU and soft != resource.RLIM_INFINITY:
                # It counts from the start of the process, which for `python3` would be now.
                soft += int(time.process_time()) + 1
            if hard != resource.RLIM_INFINITY and not 0 <= soft <= hard:
                soft = hard
            if before != soft:
                resource.setrlimit(number, (soft, hard))
                self._limits_before[number] = before

    def _lift_limits(self):
        for number, soft in self._limits_before.items():
            try:
                resource.setrlimit(number, (soft, resource.getrlimit(number)[1]))
            except (OSError, ValueError):
                # The code has lowered the hard limit.
                continue
        self._limits_before = {}

    def _leave(self, piece):
        self._lift_limits()
        if self._place in sys.path:
            sys.path.remove(self._place)
        if piece.is_file:
            self._main.pop("__file__", None)

    def _flush(self):
        for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
            for _ in range(2):
                try:
                    stream.flush()
                    break
                except KeyboardInterrupt:
                    continue
                except Exception:
                    # Nobody reads it; without this the next piece would print it.
                    os.dup2(self._null, descriptor)


def _soft_limits(text):
    """Returns the soft limits by their numbers, from the kernel's list: they are in that order, below a heading."""
    words = [line[25:].split() for line in text.splitlines()[1:]]
    return {
        number: resource.RLIM_INFINITY if word[0] == "unlimited" else int(word[0]) for number, word in enumerate(words)
    }


def _ignore(number, frame):
    """Handles an interrupt that arrives late: it concerns a piece that has ended."""


def _enumeration(names):
    """Returns the first of the names, for a sentence."""
    text = ", ".join(names)
    return text if len(text) <= _MAX_NAMES else text[:_MAX_NAMES].rpartition(", ")[0] + ", …"


def _ends_with_semicolon(source):
    return source.rstrip().endswith(b";")


def _exit_code(error):
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    sys.stderr.write(f"{error.code}\n")
    return 1


def _print(error, filename):
    """Prints an exception with its traceback, from the code's own first line on."""
    trace = first = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != filename:
        trace = trace.tb_next
    while first and first.tb_frame.f_code.co_filename.startswith("<_py_"):
        first = first.tb_next
    error.__traceback__ = trace or first
    try:
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(error), error, error.__traceback__)
        else:
            traceback.print_exception(type(error), error, error.__traceback__)
    except OSError:
        # Nobody reads it.
        pass


def main(control, display):
    """`control`: the socket to the guest. `display`: the module that shows values and figures."""
    with open("/proc/self/comm", "w") as file:
        file.write(_PROCESS_NAME)
    faulthandler.enable()
    if sys.path[:1] == [""]:
        # Each piece has its own.
        del sys.path[0]
    Session(control, display).run()
