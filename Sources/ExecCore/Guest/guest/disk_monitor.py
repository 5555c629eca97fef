"""Enforces the size limit of a persistent workspace, so that no command can fill the host's disk.

Usage that can't be counted is treated as over the limit. If a count is in doubt (the disk monitor was killed or doesn't
answer, or the disk loses space that no file accounts for), everything in the sandbox is stopped, counted while it
stands still, and continued if the usage is within the limit. So a false suspicion only delays an honest command.
"""

import os
import signal
import socket
import time

from guest import confinement, monitor_process, processes

NOTIFY_SECONDS = 0.25
# How long the end of a command waits for a count.
MAX_COUNT_WAIT_SECONDS = 10.0
# The fallback file size limit (see `confinement`) exceeds the workspace limit by this many bytes.
FALLBACK_MARGIN = 1 << 30

# How long to tolerate usage above the limit after processes were ended, because they may still write until they exit.
_GRACE_SECONDS = 0.5
# The monitor has failed if it hasn't answered for this long.
_RESPONSE_SECONDS = 3.0
# Rate limit for stopping the sandbox on suspicion: at least this many seconds apart, and at least this many times the
# duration of the last stop.
_FREEZE_INTERVAL_SECONDS = 1.0
_FREEZE_INTERVAL_FACTOR = 10
# Slack for what can be created while nothing can be written: empty files. Beyond it, nothing can be created either.
_MIN_SLACK = 1 << 20

# The actions that the caller has to take.
NOTHING = 0
STOP = 1  # end everything
FREEZE = 2  # stop everything (SIGSTOP) and count
THAW = 3  # continue everything
START = 4  # start the monitor


class DiskMonitor:
    """The guest's side of the disk monitor: notifies it, receives its reports, and decides which action to take."""

    def __init__(self, limit):
        self.limit = limit
        self.used = 0
        # When the count that found this usage started.
        self.counted_at = 0.0
        self.pid = None
        self.socket = None
        self.is_frozen = self._is_second_try = False
        self._tolerated = limit
        # Until when usage above the limit is tolerated; None if it isn't. Initially the first count is tolerated:
        # no command of this sandbox caused that usage.
        self._tolerated_until = 0.0
        self._next_notify = 0.0
        # Why the usage could not be counted; None if it was.
        self._count_error = None
        # Whether the previous count was over the limit, and whether more was created while it was.
        self._was_full = self._is_sealed = False
        # Since when an answer of the monitor is due; None if none is.
        self._awaiting_since = None
        # The bytes free on the disk and the bytes used when both last agreed.
        self._agreed = None
        self._is_in_doubt = False
        self._next_freeze = 0.0
        self._frozen_at = 0.0
        self._was_started = False

    def start(self, own_processes=None):
        """Starts a monitor process, replacing an earlier one. With `own_processes`, all other processes are stopped,
        and it starts with a thorough count.

        Returns whether it is running.
        """
        self._was_started = True
        if self.pid is not None:
            processes.send_signal(self.pid, signal.SIGKILL)
        self.reset()
        try:
            self.socket, child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:
            return False
        try:
            self.pid = os.fork()
        except OSError:
            self.socket.close()
            self.socket = None
        else:
            if self.pid == 0:
                monitor_process.run(child_end, self.limit, self.used, own_processes)
            self.socket.setblocking(False)
            self._awaiting_since = time.monotonic()
        finally:
            child_end.close()
        return self.socket is not None

    @property
    def is_full(self):
        """Whether the usage is over the limit or could not be counted."""
        return self.used > self.limit or self._count_error is not None

    @property
    def strictness(self):
        """How strictly to confine a command that starts now."""
        if not self.is_full:
            return confinement.DEFAULT
        return confinement.SEALED if self._is_sealed or self._count_error is not None else confinement.FULL

    def note(self, what):
        """Returns a note about the limit for a result or the log. `what`: its effect, which starts the note."""
        directories = " and ".join(monitor_process.DIRECTORIES)
        if self._count_error is None:
            held = f"{directories} hold {self.used} bytes, more than the workspace limit of {self.limit}"
        else:
            held = (
                f"the size of {directories} cannot be determined ({self._count_error}), "
                f"which counts as more than the workspace limit of {self.limit}"
            )
        sealed = " No files or directories can be created either." if self.strictness == confinement.SEALED else ""
        return f"{what}: {held}. Delete files that are not needed.{sealed}\n"

    def notify(self):
        """Notifies the monitor that there is work. Returns the action to take."""
        now = time.monotonic()
        if now < self._next_notify:
            return NOTHING
        self._next_notify = now + NOTIFY_SECONDS
        if self.socket is None:
            if self.is_frozen:
                return self._handle_failure("the count could not start")
            # If counting has already failed, usage counts as over the limit anyway, so there is no need to freeze.
            return FREEZE if self._was_started and self._count_error is None else START
        self._send(monitor_process.NOTIFY)
        if self._awaiting_since is not None and now > self._awaiting_since + _RESPONSE_SECONDS:
            self._awaiting_since = None
            return self._handle_failure("the count does not finish")
        if self._is_in_doubt and now >= self._next_freeze and not self.is_frozen:
            return FREEZE
        return NOTHING

    def request_count(self):
        """Requests a count that starts from now on."""
        self._send(monitor_process.COUNT_NOW)

    def _send(self, data):
        try:
            if self.socket is not None:
                self.socket.send(data)
                if self._awaiting_since is None:
                    self._awaiting_since = time.monotonic()
        except OSError:
            # Its socket is full of unread notifies, or it is dead, which SIGCHLD reports.
            pass

    def mark_frozen(self):
        """Records that all other processes are stopped now."""
        self._is_in_doubt = False
        self.is_frozen = True
        self._frozen_at = time.monotonic()

    def mark_thawed(self):
        """Records that all other processes continue now."""
        self.is_frozen = self._is_second_try = False
        now = time.monotonic()
        self._next_freeze = now + max(_FREEZE_INTERVAL_SECONDS, _FREEZE_INTERVAL_FACTOR * (now - self._frozen_at))

    def read_reports(self):
        """Reads the monitor's reports. Returns the action to take."""
        action = NOTHING
        while action == NOTHING:
            try:
                data = self.socket.recv(monitor_process.MESSAGE_SIZE)
            except OSError:
                break
            if len(data) < monitor_process.REPORT.size:
                break
            self._awaiting_since = None
            action = self._handle_report(*monitor_process.REPORT.unpack_from(data), data[monitor_process.REPORT.size :])
        return action

    def _handle_report(self, kind, used, free, started_at, text):
        if kind == monitor_process.ALIVE:
            return NOTHING
        self.counted_at = started_at
        if kind == monitor_process.FAILED:
            return self._handle_failure(text.decode("utf-8", "replace"))
        was_frozen = self.is_frozen
        self._count_error = None
        self.used = used
        is_over_limit = self._is_over_limit()
        unexplained = self._unexplained_loss(free)
        if was_frozen:
            if kind == monitor_process.COUNTED_PARTLY and unexplained > self.limit:
                self._agreed = None
                return self._treat_as_full("some of the space is used where it cannot be counted")
            if kind == monitor_process.COUNTED_ALL:
                # Everything is counted, so any other loss of free space has a cause outside the sandbox.
                self._agreed = free, used
        elif unexplained > max(self.limit - used, self.limit // 16) // 2:
            self._is_in_doubt = True
        if is_over_limit:
            return STOP
        return THAW if was_frozen else NOTHING

    def _handle_failure(self, text):
        if not self.is_frozen:
            # For a known failure, commands are already confined and can't add to the usage.
            return NOTHING if text == self._count_error else FREEZE
        if self._is_second_try:
            return self._treat_as_full(text)
        # Retry once: a call that was stopped meanwhile had its processes continued so that they exit.
        self._is_second_try = True
        return FREEZE

    def _treat_as_full(self, count_error):
        """Treats the usage as over the limit, because it can't be determined. Returns the action to take."""
        is_new = self._count_error is None
        self._count_error = count_error
        self._tolerated_until = time.monotonic() + _GRACE_SECONDS
        return STOP if is_new else THAW

    def _is_over_limit(self):
        """Returns whether the usage is over the limit and has grown beyond what is tolerated."""
        if self.used <= self.limit:
            self._tolerated, self._tolerated_until, self._was_full, self._is_sealed = self.limit, None, False, False
            return False
        is_over_limit = self.used > self._tolerated
        if is_over_limit or self._tolerated_until is not None:
            # A command that deletes files must not be stopped for earlier usage, nor for an empty file.
            self._tolerated = self.used + max(self.limit // 16, _MIN_SLACK)
        if self._tolerated_until is not None:
            # The next command isn't responsible for what a stopped command wrote until it exited: the first count after
            # that is the new baseline.
            if self.counted_at >= self._tolerated_until:
                self._tolerated_until = None
            is_over_limit = False
        elif is_over_limit:
            self._tolerated_until = time.monotonic() + _GRACE_SECONDS
            self._is_sealed = self._was_full
        self._was_full = True
        return is_over_limit

    def _unexplained_loss(self, free):
        """Returns the bytes that the disk has lost since both numbers last agreed and that the count doesn't show."""
        if self._agreed is None:
            self._agreed = free, self.used
        unexplained = (self._agreed[0] - free) - (self.used - self._agreed[1])
        if unexplained < 0:
            self._agreed = free, self.used
        return max(0, unexplained)

    def reset(self):
        """Forgets a monitor that has died or is useless; the next notification starts another."""
        if self.socket is not None:
            self.socket.close()
        self.socket = self.pid = self._awaiting_since = None
