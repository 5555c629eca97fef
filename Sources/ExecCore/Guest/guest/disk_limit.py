"""Applies the workspace limit to calls: which may start, which are stopped, and which wait for a count."""

import select
import signal

from guest import calls, commands, confinement, disk_monitor, processes


class DiskLimit:
    """Connects the disk monitor, if a limit is set, with the calls that it affects."""

    def __init__(self, limit):
        """`limit` in bytes; 0 for none."""
        self._monitor = disk_monitor.DiskMonitor(limit) if limit else None
        # The processes that were already stopped before everything was frozen for a count.
        self._stopped_before = None

    def attach(self, guest):
        self._loop = guest.loop
        self._channel = guest.channel
        self._pool = guest.pool
        self._instant = guest.instant
        self._calls = guest.calls
        self._lifecycle = guest.lifecycle

    def __bool__(self):
        return self._monitor is not None

    @property
    def pids(self):
        """The process ids of the disk monitor: one or none."""
        return {self._monitor.pid} if self._monitor and self._monitor.pid else set()

    @property
    def is_full(self):
        return self._monitor is not None and self._monitor.is_full

    @property
    def is_frozen(self):
        """Whether all processes are stopped for a count."""
        return self._monitor is not None and self._monitor.is_frozen

    @property
    def strictness(self):
        """How strictly to confine a command that starts now."""
        return self._monitor.strictness if self._monitor else confinement.DEFAULT

    def note(self, what):
        """Returns a note about the limit for a result or the log. `what`: its effect, which starts the note."""
        return self._monitor.note(what)

    def notify(self):
        """Notifies the disk monitor that there is work."""
        if self._monitor and (action := self._monitor.notify()):
            self._perform(action)

    def request_count(self):
        """Requests a count that starts from now on; `CallLifecycle.on_count` is called when it is done."""
        self._monitor.request_count()

    def on_exit(self, pid):
        """Handles the exit of the process `pid`."""
        if self._monitor and pid == self._monitor.pid:
            self._reset_monitor()

    def on_stop(self, pid):
        """Handles the stop of the process `pid`, by the guest or by code in the sandbox. Returns whether it should
        continue.
        """
        if self._monitor and pid == self._monitor.pid and not self.is_frozen:
            # The next notification starts another.
            processes.send_signal(pid, signal.SIGKILL)
            self._reset_monitor()
            return False
        return not self.is_frozen

    def _reset_monitor(self):
        if self._monitor.socket is not None:
            self._loop.unregister(self._monitor.socket.fileno())
        self._monitor.reset()

    def _perform(self, action):
        if action == disk_monitor.START:
            self._start()
        elif action == disk_monitor.FREEZE:
            before = processes.freeze_everything()
            if not self.is_frozen:
                self._stopped_before = before
            self._monitor.mark_frozen()
            self._start({*self._pool.pids, *(self._instant.pids if self._instant else ())})
        elif action == disk_monitor.THAW:
            self._monitor.mark_thawed()
            processes.thaw_everything(self._stopped_before)
        elif action == disk_monitor.STOP:
            self._stop_everything()

    def _start(self, own_processes=None):
        if self._monitor.socket is not None:
            self._loop.unregister(self._monitor.socket.fileno())
        if self._monitor.start(own_processes):
            self._loop.register(self._monitor.socket.fileno(), select.EPOLLIN, lambda events: self._on_reports())

    def _on_reports(self):
        self._perform(self._monitor.read_reports())
        self._pool.set_prewarming(not self._monitor.is_full)
        self._lifecycle.on_count(self._monitor.counted_at)

    def _stop_everything(self):
        """Ends everything except the guest's own processes, whichever call it belongs to."""
        self._monitor.mark_thawed()
        self._channel.log(self.note("everything was stopped").rstrip())
        for call in self._calls.snapshot():
            if call.state != calls.COUNTING and isinstance(call, commands.Command):
                call.note += self.note("Stopped")
        self._lifecycle.stop_everything()
