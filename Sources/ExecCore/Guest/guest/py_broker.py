"""Python sessions: finds or starts the one that a program `py` asks for, hands the program's code and streams over to
it, and ends it when it has to end.

A session outlives the command that started it. It is a process below a worker of its own, which counts as one with a
background job, and so is everything that its code starts.
"""

import os
import re
import select
import signal
import socket
import struct
import time

from guest import attribution, confinement, py_help, py_session, system, workers

_MAX_SESSIONS = 8
_MAX_CLIENTS = 64
_MAX_WAIT_SECONDS = 3600.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_MAX_REQUEST = 512
# Standard input, standard output, standard error, and the code.
_DESCRIPTORS = 4
_MAX_NOTES = 32
# Exit codes: wrong use, a session that can't be used now, and one that has ended while the code ran.
_USAGE, _UNAVAILABLE, _ENDED = 2, 75, 70


class Broker:
    def __init__(self, guest):
        self._loop = guest.loop
        self._log = guest.channel.log
        self._pool = guest.pool
        self._calls = guest.calls
        self._processes = guest.processes
        self._disk_limit = guest.disk_limit
        self._bridge = guest.bridge
        guest.worker_io.on_program = self._on_program
        self._kills = system.OutOfMemoryKills()
        self._sessions = {}
        self._clients = set()
        # What the next program that asks is to be told.
        self.remark = ""
        # What became of sessions that have ended, for the next call that uses the name.
        self._notes = {}

    # Programs that connect

    def accept(self, listener):
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            self._log(f"a py could not connect: {error.strerror}")
            return
        client = Client(connection)
        if len(self._clients) >= _MAX_CLIENTS:
            client.exit(_UNAVAILABLE, f"there are {_MAX_CLIENTS} programs that wait for sessions, which is the limit")
            return
        self._clients.add(client)
        self._loop.register(connection.fileno(), select.EPOLLIN, lambda events: self._guard(client))

    def _guard(self, client):
        """Handles an event of a client. An unexpected error ends its connection, not the sandbox."""
        try:
            self._on_client(client)
        except Exception as error:
            self._log(f"a py failed: {type(error).__name__}: {error}")
            self._dismiss(client, _UNAVAILABLE, "it could not be done; try again")

    def _on_client(self, client):
        if client.has_asked:
            # Whatever it says, it has nothing to say: it is interrupted or gone.
            self._loop.unregister(client.fileno())
            self._on_leave(client)
            return
        request = client.receive()
        if request is None:
            return
        if len(request) != 3:
            self._dismiss(client, _USAGE, "the request isn't valid")
            return
        self._handle(client, *request)

    def _on_leave(self, client):
        for session in self._sessions.values():
            if session.client is client:
                session.interrupt()
                return
            if client in session.waiting:
                session.waiting.remove(client)
        self._dismiss(client, _UNAVAILABLE, "interrupted before it was its turn")

    def _dismiss(self, client, status, text=""):
        self._clients.discard(client)
        if client.fileno() >= 0:
            self._loop.unregister(client.fileno())
            client.exit(status, text)

    # Requests

    def _handle(self, client, operation, name, wait):
        if self.remark:
            client.warn(self.remark)
            self.remark = ""
        if operation in ("help", "h"):
            client.say(py_help.TEXT)
            self._dismiss(client, 0)
        elif operation == "list":
            client.say(self._list())
            self._dismiss(client, 0)
        elif not _NAME.fullmatch(name):
            text = "a session's name has up to 32 letters, digits, dots, dashes and underscores"
            self._dismiss(client, _USAGE, text)
        elif operation in ("close", "reset"):
            self._end(client, name, operation == "reset")
        elif operation == "run" and len(client.descriptors) == _DESCRIPTORS:
            self._run(client, name, wait)
        else:
            self._dismiss(client, _USAGE, "the request isn't valid")

    def _list(self):
        if not self._sessions:
            return "There are no sessions.\n"
        now = time.monotonic()
        heading = ("NAME", "STATE", "FOR", "STARTED", "VARIABLES", "MEMORY")
        rows = [heading, *(session.row(now) for session in self._sessions.values())]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return "".join(f"{line}\n" for line in lines)

    def _end(self, client, name, is_reset):
        session = self._sessions.get(name)
        if not session:
            done = "there is nothing to reset" if is_reset else "there is nothing to close"
            self._dismiss(client, 0 if is_reset else 1, f"there is no session '{name}': {done}")
            return
        session.on_end.append((client, is_reset))
        if session.reason is None and not session.close("was reset" if is_reset else "was closed"):
            self._terminate(session)

    def _run(self, client, name, wait):
        try:
            client.command, ancestors = attribution.command_of(client.connection, self._calls)
            client.deadline = time.monotonic() + max(0.0, min(float(wait), _MAX_WAIT_SECONDS))
        except ProcessLookupError:
            self._dismiss(client, _UNAVAILABLE)
            return
        except ValueError:
            self._dismiss(client, _USAGE, f"--wait takes seconds, not {wait!r}")
            return
        session = self._sessions.get(name)
        if session and session.worker.pid in ancestors:
            text = f"session '{name}' runs this command itself; use another: py -s NAME"
            self._dismiss(client, _UNAVAILABLE, text)
            return
        if not session:
            session = self._start(client, name)
        if session and (session.is_busy or session.reason or session.waiting):
            session.waiting.append(client)
        elif session:
            self._give(session, client)

    def _start(self, client, name):
        """Returns a new session; None if there can't be one, of which the client is told."""
        if len(self._sessions) >= _MAX_SESSIONS:
            idle = [session for session in self._sessions.values() if not session.is_busy]
            oldest = min(idle or self._sessions.values(), key=lambda session: session.changed_at)
            names = ", ".join(self._sessions)
            text = f"there are {_MAX_SESSIONS} sessions, which is the limit: {names}. Longest unused: {oldest.name}."
            self._dismiss(client, _UNAVAILABLE, f"{text} End one: py -s {oldest.name} --close")
            return None
        if self._disk_limit.strictness != confinement.DEFAULT:
            self._dismiss(client, _UNAVAILABLE, "the workspace is full: delete files before you start a session")
            return None
        worker = self._pool.start_for_program()
        if not worker:
            self._dismiss(client, _UNAVAILABLE, "the sandbox has no room for another process: end some")
            return None
        try:
            session = py_session.Session(name, worker)
        except OSError as error:
            self._processes.terminate({worker.pid})
            self._dismiss(client, _UNAVAILABLE, f"the session could not be started: {error.strerror}")
            return None
        self._sessions[name] = session
        self._loop.register(session.control.fileno(), select.EPOLLIN, lambda events: self._on_session_event(session))
        return session

    def _give(self, session, client):
        """Has the session run a client's code."""
        if note := self._notes.pop(session.name, None):
            client.warn(note)
        call = self._calls.get(client.command) if client.command is not None else None
        self._calls.lend(session.worker.pid, call)
        session.kills = self._kills.count()
        try:
            session.run(client)
        except OSError:
            # It has just ended, which the report of its worker will tell.
            session.client = client

    # Sessions

    def _on_session_event(self, session):
        """Handles an event of a session. An unexpected error ends it, not the sandbox."""
        try:
            self._on_message(session)
        except Exception as error:
            self._log(f"a Python session failed: {type(error).__name__}: {error}")
            self._terminate(session)

    def _on_message(self, session):
        message = session.read()
        if message is None:
            return
        if self._finish_piece(session, message):
            self._next(session)
            return
        # Its code has closed or misused the socket, or the process is ending.
        self._loop.unregister(session.control.fileno())
        session.control.close()
        if session.worker.pid not in self._pool.pids:
            self._on_end(session, None)
            return
        session.await_exit()

    def _finish_piece(self, session, message):
        """Handles the end of the code that runs. Returns whether the message is about that."""
        if len(message) != 4 or message[0] != "done" or not session.is_busy:
            return False
        _, status, count, names = message
        session_names = "".join(letter for letter in names[:200] if letter.isprintable())
        client = session.finish_piece(int(count) if count.isdecimal() else 0, session_names)
        self._release(session)
        self._dismiss(client, int(status) & 0xFF if status.isdecimal() else 1)
        return True

    def _release(self, session):
        self._calls.lend(session.worker.pid, None)
        if self._bridge:
            self._bridge.on_piece_end(session.worker.pid)

    def _next(self, session):
        if session.waiting and not session.is_busy and not session.reason:
            self._give(session, session.waiting.pop(0))

    def _terminate(self, session):
        """Ends the session's process and everything that it has started."""
        self._processes.terminate({session.worker.pid})

    def _on_program(self, worker, kind, number):
        session = next((one for one in self._sessions.values() if one.worker is worker), None)
        if not session:
            return
        if kind == workers.PROGRAM_STARTED:
            session.pid = number
        else:
            self._on_end(session, number)

    def _on_end(self, session, status):
        """Handles the end of a session's process. `status`: its wait status, or None if nobody knows it."""
        del self._sessions[session.name]
        # What it said before its end.
        self._finish_piece(session, session.read() or [])
        if session.control.fileno() >= 0:
            self._loop.unregister(session.control.fileno())
            session.control.close()
        self._terminate(session)
        self._release(session)
        reason = session.reason or self._reason(session, status)
        text = f"session '{session.name}' {reason}"
        lost = session.lost()
        if session.client:
            self._dismiss(session.client, _exit_code(status), f"{text}, and its variables are lost")
        for client, is_reset in session.on_end:
            done = "is new" if is_reset else "is closed"
            self._dismiss(client, 0, f"session '{session.name}' {done}" + (f"; {lost} are gone" if lost else ""))
        if not session.on_end:
            if len(self._notes) >= _MAX_NOTES:
                del self._notes[next(iter(self._notes))]
            self._notes[session.name] = f"{text}. This is a new one" + (f"; lost: {lost}" if lost else "")
        if session.waiting:
            waiting, session.waiting = session.waiting, []
            new = self._start(waiting[0], session.name)
            for client in waiting:
                if new:
                    new.waiting.append(client)
                else:
                    self._dismiss(client, _UNAVAILABLE, "the session has ended; try again")
            if new:
                self._next(new)

    def _reason(self, session, status):
        if status is None:
            return "was ended from inside the sandbox"
        if os.WIFEXITED(status):
            return f"has exited with {os.WEXITSTATUS(status)}"
        number = os.WTERMSIG(status)
        before, now = session.kills, self._kills.count()
        if number == signal.SIGKILL and before is not None and now is not None and now > before:
            return "was killed because memory ran out"
        return f"was killed by {signal.Signals(number).name if number in set(signal.Signals) else f'signal {number}'}"

    # Time

    def seconds_to_wait(self):
        """Returns the seconds until the next check of timers; None if none is scheduled."""
        times = [at for session in self._sessions.values() if (at := session.next_check()) is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def check_timers(self):
        if not self._sessions or self._disk_limit.is_frozen:
            return
        now = time.monotonic()
        for session in list(self._sessions.values()):
            if session.is_overdue(now):
                session.reason = session.reason or session.overdue_reason
                self._terminate(session)
            for client in [client for client in session.waiting if now >= client.deadline]:
                session.waiting.remove(client)
                text = f"session '{session.name}' has been in use for {py_session.duration(now - session.changed_at)}"
                self._dismiss(client, _UNAVAILABLE, f"{text}: wait, or use another: py -s NAME")


def _exit_code(status):
    if status is None or (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0):
        return _ENDED
    return workers.exit_code(status)


class Client:
    """A program `py` that has connected."""

    def __init__(self, connection):
        connection.setblocking(False)
        self.connection = connection
        self.descriptors = []
        self.has_asked = False
        # The number of the command that it belongs to; None if there is none.
        self.command = None
        # Until when it waits for its turn.
        self.deadline = 0.0

    def fileno(self):
        return self.connection.fileno()

    def receive(self):
        """Returns the fields of the request; None if there is none now."""
        space = socket.CMSG_SPACE(4 * _DESCRIPTORS)
        try:
            data, passed, _, _ = self.connection.recvmsg(_MAX_REQUEST, space, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return None
        except OSError:
            data, passed = b"", []
        self.has_asked = True
        for level, kind, rights in passed:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                count = len(rights) // 4
                self.descriptors += struct.unpack(f"{count}i", rights[: 4 * count])
        return data.decode("utf-8", "replace").split("\0")

    def say(self, text):
        """Has it print to standard output."""
        self._send(b"out\0" + text.encode())

    def warn(self, text):
        """Has it print a line to standard error."""
        self._send(b"err\0py: " + text.encode() + b"\n")

    def exit(self, status, text=""):
        """Has it exit, and closes the connection."""
        if text:
            self.warn(text)
        self._send(b"exit\0%d" % status)
        self.close_descriptors()
        self.connection.close()

    def close_descriptors(self):
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []

    def _send(self, message):
        try:
            self.connection.send(message)
        except OSError:
            # It is gone.
            pass
