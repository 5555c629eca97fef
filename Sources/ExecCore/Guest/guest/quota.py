"""The limit of a persistent workspace, so that no command can fill the host's disk: what is counted, what follows.

What cannot be counted is over the limit. Where a count is in doubt (whatever counts was ended or does not answer, the
disk loses what nobody seems to have written), everything in the sandbox is stopped, counted while it stands still, and
goes on if there is no more than there may be: what was only suspected costs an honest command a moment.
"""

import os
import signal
import socket
import time

from guest import confinement, processes, surveying

POKE_SECONDS = 0.25
# How long the end of a command waits for a count.
PATIENCE_SECONDS = 10.0
# Where nothing else bounds it, no single file gets further than this beyond the limit.
MARGIN = 1 << 30

# How long what was ended may still be counted as it ends.
_SETTLE_SECONDS = 0.5
# Nothing is heard for so long, although it was asked for.
_SILENCE_SECONDS = 3.0
# A suspicion stops the sandbox no more often than this, or than this many times what that took.
_DOUBT_SECONDS = 1.0
_DOUBT_SHARE = 10
# What may be made while nothing can be written: empty files. After more than this nothing can be made either.
_LEAST_SLACK = 1 << 20

# What has to be done.
NOTHING = 0
STOP = 1  # end everything
FREEZE = 2  # stop everything and count
THAW = 3  # let everything go on
START = 4  # start what counts


class Surveyor:
    """The guest's side: pokes the child that counts, hears from it, and says what has to be done."""

    def __init__(self, limit):
        self.limit = limit
        self.used = 0
        # When the count began that said so.
        self.counted_at = 0.0
        self.pid = None
        self.socket = None
        self.is_frozen = self._is_second_try = False
        self._allowed = limit
        # What is there at the start is nobody's doing.
        self._settled = 0.0
        self._next_poke = 0.0
        # Why what is there could not be counted.
        self._trouble = None
        # Whether it was so before, and whether more was made then.
        self._was_full = self._is_sealed = False
        # Since when an answer is due.
        self._waits_since = None
        # What the disk had free and what was held when all was accounted for.
        self._accounted = None
        self._is_in_doubt = False
        self._next_doubt = 0.0
        self._frozen_at = 0.0
        self._was_started = False

    def start(self, own_processes=None):
        """Starts a child. With `own_processes` all others are stopped, and it is to count what there is now.

        Returns whether there is one.
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
        """Whether there is more than there may be."""
        return self.used > self.limit or self._trouble is not None

    @property
    def strictness(self):
        """How a command has to be confined that begins now."""
        if not self.is_full:
            return confinement.USUAL
        return confinement.SEALED if self._is_sealed or self._trouble is not None else confinement.FULL

    def note(self, what):
        """What a result says of the limit; `what` it did."""
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
        """Says that there is work. Returns what has to be done."""
        now = time.monotonic()
        if now < self._next_poke:
            return NOTHING
        self._next_poke = now + POKE_SECONDS
        if self.socket is None:
            if self.is_frozen:
                return self._take_failure("counting could not be begun")
            # What cannot be counted already counts as too much.
            return FREEZE if self._was_started and self._trouble is None else START
        self._send(surveying.POKE)
        if self._waits_since is not None and now > self._waits_since + _SILENCE_SECONDS:
            self._waits_since = None
            return self._take_failure("counting does not end")
        if self._is_in_doubt and now >= self._next_doubt and not self.is_frozen:
            return FREEZE
        return NOTHING

    def ask(self):
        """Asks for a count that begins from now on."""
        self._send(surveying.ASK)

    def _send(self, data):
        try:
            if self.socket is not None:
                self.socket.send(data)
                if self._waits_since is None:
                    self._waits_since = time.monotonic()
        except OSError:
            # It still has pokes to read, or is dead, which its end as a process says.
            pass

    def freeze(self):
        """Everything else is stopped now."""
        self._is_in_doubt = False
        self.is_frozen = True
        self._frozen_at = time.monotonic()

    def thaw(self):
        """Everything else goes on now."""
        self.is_frozen = self._is_second_try = False
        now = time.monotonic()
        self._next_doubt = now + max(_DOUBT_SECONDS, _DOUBT_SHARE * (now - self._frozen_at))

    def hear(self):
        """Takes what the child says. Returns what has to be done."""
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
                # Whatever else the disk has lost is not ours.
                self._accounted = free, used
        elif missing > max(self.limit - used, self.limit // 16) // 2:
            self._is_in_doubt = True
        if is_over:
            return STOP
        return THAW if was_frozen else NOTHING

    def _take_failure(self, text):
        if not self.is_frozen:
            # What is confined because of that cannot add to it.
            return NOTHING if text == self._trouble else FREEZE
        if self._is_second_try:
            return self._give_up(text)
        # A call that is stopped meanwhile has its processes go on so that they end.
        self._is_second_try = True
        return FREEZE

    def _give_up(self, trouble):
        """Nothing tells what is there: it counts as too much."""
        is_new = self._trouble is None
        self._trouble = trouble
        self._settled = time.monotonic() + _SETTLE_SECONDS
        return STOP if is_new else THAW

    def _is_over(self):
        """Whether there is more than there may be, and more than before."""
        if self.used <= self.limit:
            self._allowed, self._settled, self._was_full, self._is_sealed = self.limit, None, False, False
            return False
        is_over = self.used > self._allowed
        if is_over or self._settled is not None:
            # Whoever deletes files must not be stopped for what was there before, nor for an empty file.
            self._allowed = self.used + max(self.limit // 16, _LEAST_SLACK)
        if self._settled is not None:
            # What a command that was stopped has written until its end is not the next one's doing: the first count
            # after it says what was there before.
            if self.counted_at >= self._settled:
                self._settled = None
            is_over = False
        elif is_over:
            self._settled = time.monotonic() + _SETTLE_SECONDS
            self._is_sealed = self._was_full
        self._was_full = True
        return is_over

    def _missing(self, free):
        """What the disk has lost since all was accounted for, and the count does not show."""
        if self._accounted is None:
            self._accounted = free, self.used
        missing = (self._accounted[0] - free) - (self.used - self._accounted[1])
        if missing < 0:
            self._accounted = free, self.used
        return max(0, missing)

    def forget(self):
        """The child has died, or is of no use: the next poke starts another."""
        if self.socket is not None:
            self.socket.close()
        self.socket = self.pid = self._waits_since = None
