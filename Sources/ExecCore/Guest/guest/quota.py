"""Enforces the size limit of a persistent workspace, so that no command can fill the host's disk.

Usage that can't be counted is treated as over the limit. If a count is in doubt (the disk monitor was killed or doesn't
answer, or the disk loses space that no file accounts for), everything in the sandbox is stopped, counted while it
stands still, and continued if the usage is within the limit. So a false suspicion only delays an honest command.
"""

import os
import signal
import socket
import time

from guest import confinement, processes, surveying

POKE_SECONDS = 0.25
# How long the end of a command waits for a count.
PATIENCE_SECONDS = 10.0
# The fallback file size limit (see `confinement`) exceeds the workspace limit by this many bytes.
MARGIN = 1 << 30

# How long to tolerate usage above the limit after processes were ended, because they may still write until they exit.
_SETTLE_SECONDS = 0.5
# The monitor has failed if it hasn't answered for this long.
_SILENCE_SECONDS = 3.0
# Rate limit for stopping the sandbox on suspicion: at least this many seconds apart, and at least this many times the
# duration of the last stop.
_DOUBT_SECONDS = 1.0
_DOUBT_SHARE = 10
# Slack for what can be created while nothing can be written: empty files. Beyond it, nothing can be created either.
_LEAST_SLACK = 1 << 20

# The actions that the caller has to take.
NOTHING = 0
STOP = 1  # end everything
FREEZE = 2  # stop everything (SIGSTOP) and count
THAW = 3  # continue everything
START = 4  # start the monitor


class Surveyor:
    """The guest's side of the disk monitor: pokes it, receives its reports, and decides which action to take."""

    def __init__(self, limit):
        self.limit = limit
        self.used = 0
        # When the count that found this usage started.
        self.counted_at = 0.0
        self.pid = None
        self.socket = None
        self.is_frozen = self._is_second_try = False
        self._allowed = limit
        # Until when usage above the limit is tolerated; None if it isn't. Initially the first count is tolerated:
        # no command of this sandbox caused that usage.
        self._settled = 0.0
        self._next_poke = 0.0
        # Why the usage could not be counted; None if it was.
        self._trouble = None
        # Whether the previous count was over the limit, and whether more was created while it was.
        self._was_full = self._is_sealed = False
        # Since when an answer of the monitor is due; None if none is.
        self._waits_since = None
        # The bytes free on the disk and the bytes used when both last agreed.
        self._accounted = None
        self._is_in_doubt = False
        self._next_doubt = 0.0
        self._frozen_at = 0.0
        self._was_started = False

    def start(self, own_processes=None):
        """Starts a monitor process, replacing an earlier one. With `own_processes`, all other processes are stopped,
        and it starts with a thorough count.

        Returns whether it is running.
        """
        self._was_started = True
        if self.pid is not None:
            processes.send(self.pid, signal.SIGKILL)
        self.forget()
        try:
            self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:
            return False
        try:
            self.pid = os.fork()
        except OSError:
            self.socket.close()
            self.socket = None
        else:
            if self.pid == 0:
                surveying.live(theirs, self.limit, self.used, own_processes)
            self.socket.setblocking(False)
            self._waits_since = time.monotonic()
        finally:
            theirs.close()
        return self.socket is not None

    @property
    def is_full(self):
        """Whether the usage is over the limit or could not be counted."""
        return self.used > self.limit or self._trouble is not None

    @property
    def strictness(self):
        """How strictly to confine a command that starts now."""
        if not self.is_full:
            return confinement.USUAL
        return confinement.SEALED if self._is_sealed or self._trouble is not None else confinement.FULL

    def note(self, what):
        """Returns a note about the limit for a result or the log. `what`: its effect, which starts the note."""
        places = " and ".join(surveying.PLACES)
        if self._trouble is None:
            held = f"{places} hold {self.used} bytes, more than the workspace limit of {self.limit}"
        else:
            held = (
                f"what {places} hold cannot be counted ({self._trouble}), "
                f"which counts as more than the workspace limit of {self.limit}"
            )
        sealed = " Nothing can be made either: no file, no directory." if self.strictness == confinement.SEALED else ""
        return f"{what}: {held}. Delete what is not needed.{sealed}\n"

    def poke(self):
        """Notifies the monitor that there is work. Returns the action to take."""
        now = time.monotonic()
        if now < self._next_poke:
            return NOTHING
        self._next_poke = now + POKE_SECONDS
        if self.socket is None:
            if self.is_frozen:
                return self._take_failure("counting could not be begun")
            # If counting has already failed, usage counts as over the limit anyway, so there is no need to freeze.
            return FREEZE if self._was_started and self._trouble is None else START
        self._send(surveying.POKE)
        if self._waits_since is not None and now > self._waits_since + _SILENCE_SECONDS:
            self._waits_since = None
            return self._take_failure("counting does not end")
        if self._is_in_doubt and now >= self._next_doubt and not self.is_frozen:
            return FREEZE
        return NOTHING

    def ask(self):
        """Requests a count that starts from now on."""
        self._send(surveying.ASK)

    def _send(self, data):
        try:
            if self.socket is not None:
                self.socket.send(data)
                if self._waits_since is None:
                    self._waits_since = time.monotonic()
        except OSError:
            # Its socket is full of unread pokes, or it is dead, which SIGCHLD reports.
            pass

    def freeze(self):
        """Records that all other processes are stopped now."""
        self._is_in_doubt = False
        self.is_frozen = True
        self._frozen_at = time.monotonic()

    def thaw(self):
        """Records that all other processes continue now."""
        self.is_frozen = self._is_second_try = False
        now = time.monotonic()
        self._next_doubt = now + max(_DOUBT_SECONDS, _DOUBT_SHARE * (now - self._frozen_at))

    def hear(self):
        """Reads the monitor's reports. Returns the action to take."""
        todo = NOTHING
        while todo == NOTHING:
            try:
                data = self.socket.recv(surveying.MESSAGE_SIZE)
            except OSError:
                break
            if len(data) < surveying.REPORT.size:
                break
            self._waits_since = None
            todo = self._take(*surveying.REPORT.unpack_from(data), data[surveying.REPORT.size :])
        return todo

    def _take(self, kind, used, free, began, text):
        if kind == surveying.ALIVE:
            return NOTHING
        self.counted_at = began
        if kind == surveying.FAILED:
            return self._take_failure(text.decode("utf-8", "replace"))
        was_frozen = self.is_frozen
        self._trouble = None
        self.used = used
        is_over = self._is_over()
        missing = self._missing(free)
        if was_frozen:
            if kind == surveying.COUNTED_BLINDLY and missing > self.limit:
                self._accounted = None
                return self._give_up("something is held where it cannot be seen")
            if kind == surveying.COUNTED_ALL:
                # Everything is counted, so any other loss of free space has a cause outside the sandbox.
                self._accounted = free, used
        elif missing > max(self.limit - used, self.limit // 16) // 2:
            self._is_in_doubt = True
        if is_over:
            return STOP
        return THAW if was_frozen else NOTHING

    def _take_failure(self, text):
        if not self.is_frozen:
            # For a known failure, commands are already confined and can't add to the usage.
            return NOTHING if text == self._trouble else FREEZE
        if self._is_second_try:
            return self._give_up(text)
        # Retry once: a call that was stopped meanwhile had its processes continued so that they exit.
        self._is_second_try = True
        return FREEZE

    def _give_up(self, trouble):
        """Treats the usage as over the limit, because it can't be determined. Returns the action to take."""
        is_new = self._trouble is None
        self._trouble = trouble
        self._settled = time.monotonic() + _SETTLE_SECONDS
        return STOP if is_new else THAW

    def _is_over(self):
        """Returns whether the usage is over the limit and has grown beyond what is tolerated."""
        if self.used <= self.limit:
            self._allowed, self._settled, self._was_full, self._is_sealed = self.limit, None, False, False
            return False
        is_over = self.used > self._allowed
        if is_over or self._settled is not None:
            # A command that deletes files must not be stopped for earlier usage, nor for an empty file.
            self._allowed = self.used + max(self.limit // 16, _LEAST_SLACK)
        if self._settled is not None:
            # The next command isn't responsible for what a stopped command wrote until it exited: the first count after
            # that is the new baseline.
            if self.counted_at >= self._settled:
                self._settled = None
            is_over = False
        elif is_over:
            self._settled = time.monotonic() + _SETTLE_SECONDS
            self._is_sealed = self._was_full
        self._was_full = True
        return is_over

    def _missing(self, free):
        """Returns the bytes that the disk has lost since both numbers last agreed and that the count doesn't show."""
        if self._accounted is None:
            self._accounted = free, self.used
        missing = (self._accounted[0] - free) - (self.used - self._accounted[1])
        if missing < 0:
            self._accounted = free, self.used
        return max(0, missing)

    def forget(self):
        """Forgets a monitor that has died or is useless; the next poke starts another."""
        if self.socket is not None:
            self.socket.close()
        self.socket = self.pid = self._waits_since = None
