"""Applies the workspace limit to calls: which may start, which are stopped, and which wait for a count."""

import select
import signal
import time

from guest import calls, confinement, processes, quota


class DiskLimit:
    """Connects the disk monitor, if a limit is set, with the calls that it affects."""

    def __init__(self, limit):
        """`limit` in bytes; 0 for none."""
        self._surveyor = quota.Surveyor(limit) if limit else None
        # The processes that were already stopped before everything was frozen for a count.
        self._stopped_before = None

    def attach(self, poll, channel, pool, dispatcher, lifecycle):
        self._poll = poll
        self._channel = channel
        self._pool = pool
        self._dispatcher = dispatcher
        self._lifecycle = lifecycle

    def __bool__(self):
        return self._surveyor is not None

    @property
    def pids(self):
        """The process ids of the disk monitor: one or none."""
        return {self._surveyor.pid} if self._surveyor and self._surveyor.pid else set()

    @property
    def is_full(self):
        return self._surveyor is not None and self._surveyor.is_full

    @property
    def is_frozen(self):
        """Whether all processes are stopped for a count."""
        return self._surveyor is not None and self._surveyor.is_frozen

    @property
    def strictness(self):
        """How strictly to confine a command that starts now."""
        return self._surveyor.strictness if self._surveyor else confinement.USUAL

    def note(self, what):
        """Returns a note about the limit for a result or the log. `what`: its effect, which starts the note."""
        return self._surveyor.note(what)

    def poke(self):
        """Notifies the disk monitor that there is work."""
        if self._surveyor and (todo := self._surveyor.poke()):
            self._act(todo)

    def hold(self, call):
        """Makes a call that has ended wait for a count, if one is needed. Returns whether it waits."""
        if not self.is_full or not isinstance(call, calls.Command):
            return False
        if call.ended is None:
            # It may have deleted files, which decides what the next call may do.
            call.ended = time.monotonic()
            call.deadline = call.ended + quota.PATIENCE_SECONDS
            self._dispatcher.expect(call)
            self._surveyor.ask()
        return True

    def lose(self, pid):
        """Handles the exit of the process `pid`."""
        if self._surveyor and pid == self._surveyor.pid:
            self._forget()

    def find_stopped(self, pid):
        """Handles the stop of the process `pid`, by the guest or by code in the sandbox. Returns whether it should
        continue.
        """
        if self._surveyor and pid == self._surveyor.pid and not self.is_frozen:
            # The next poke starts another.
            processes.send(pid, signal.SIGKILL)
            self._forget()
            return False
        return not self.is_frozen

    def _forget(self):
        if self._surveyor.socket is not None:
            self._poll.off(self._surveyor.socket.fileno())
        self._surveyor.forget()

    def _act(self, todo):
        if todo == quota.START:
            self._start()
        elif todo == quota.FREEZE:
            before = processes.freeze_everything()
            if not self.is_frozen:
                self._stopped_before = before
            self._surveyor.freeze()
            self._start({*self._pool.pids})
        elif todo == quota.THAW:
            self._surveyor.thaw()
            processes.thaw_everything(self._stopped_before)
        elif todo == quota.STOP:
            self._stop_everything()

    def _start(self, own_processes=None):
        if self._surveyor.socket is not None:
            self._poll.off(self._surveyor.socket.fileno())
        if self._surveyor.start(own_processes):
            self._poll.on(self._surveyor.socket.fileno(), select.EPOLLIN, lambda events: self._hear())

    def _hear(self):
        self._act(self._surveyor.hear())
        self._pool.set_shells(not self._surveyor.is_full)
        for call in self._dispatcher.calls:
            if call.ended is not None and call.ended <= self._surveyor.counted_at:
                self._dispatcher.end(call)

    def _stop_everything(self):
        """Ends everything except the guest's own processes, whichever call it belongs to."""
        self._surveyor.thaw()
        self._channel.log(self.note("everything was stopped").rstrip())
        for call in self._dispatcher.calls:
            if call.ended is None and isinstance(call, calls.Command):
                call.note += self.note("Stopped")
        self._lifecycle.end_everything()
