"""Signs of life between the guest and the server: a broken network takes one from the other and closes nothing."""

import fcntl
import os
import select
import sys
import termios
import time

from guest import frames

# The server is gone after this many intervals without anything from it.
MAX_SILENT_INTERVALS = 4
# EX_TEMPFAIL: the end is neither the server's wish nor a failure of the guest.
_EXIT_STATUS = 75


class Heartbeat:
    """Sends signs of life, and ends the guest if the server gives none.

    It counts intervals, not time: however long this process or the machine has stood still, that is one interval.
    """

    def __init__(self, channel, config, clock=time.monotonic):
        self._channel = channel
        self._interval = config["heartbeat"]
        # With an engine on the same machine, the channel closes when the server is gone, and a server that only stands
        # still, because a person has stopped it, keeps its sandboxes.
        self._is_watching = config["watches_server"]
        # While a sandbox waits for its next server, nothing is to be expected for this long.
        self._max_lingering_intervals = MAX_SILENT_INTERVALS + config["linger"] // self._interval
        self._clock = clock
        self._next_beat = clock() + self._interval
        self._silent_intervals = 0
        if self._is_watching:
            channel.write_patiently(self._interval, self._count_silence)

    @property
    def is_needed(self):
        """Whether signs of life are sent without being asked for: while frames wait unread, pings wait behind them."""
        return self._is_watching or not self._channel.is_reading

    def seconds_to_wait(self):
        """Returns the seconds until `beat` has to be called; None if it needn't be."""
        return max(0.0, self._next_beat - self._clock()) if self.is_needed else None

    def beat(self):
        """Sends a sign of life if one is due, and checks whether the server has given one."""
        now = self._clock()
        if now < self._next_beat:
            return
        self._next_beat = now + self._interval
        if self._is_watching:
            self._count_silence(self._channel.has_read or not self._channel.is_reading)
            self._channel.has_read = False
        self._channel.send(frames.frame(frames.PONG, 0))

    def _count_silence(self, has_heard):
        self._silent_intervals = 0 if has_heard else self._silent_intervals + 1
        limit = self._max_lingering_intervals if self._channel.is_suspended else MAX_SILENT_INTERVALS
        if self._silent_intervals >= limit:
            self._channel.give_up(
                f"guest: nothing came from the server for {limit * self._interval} seconds", _EXIT_STATUS
            )


class PatientWriter:
    """Writes to a pipe as `frames.write_all` does, but notices that nothing moves on the channel any more."""

    def __init__(self, descriptor, reading_end, seconds, on_interval):
        """`on_interval(has_moved)` is called after each interval of `seconds` in which the pipe accepted nothing, with
        whether anything has arrived at the `reading_end` of the other pipe meanwhile.
        """
        os.set_blocking(descriptor, False)
        self._reading_end = reading_end
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._milliseconds = int(seconds * 1000)
        self._on_interval = on_interval

    def write_all(self, descriptor, data):
        view = memoryview(data)
        unread = None
        while view:
            try:
                view = view[os.write(descriptor, view) :]
                continue
            except BlockingIOError:
                unread = self._count_unread() if unread is None else unread
            if self._poll.poll(self._milliseconds):
                continue
            before, unread = unread, self._count_unread()
            self._on_interval(unread != before)

    def _count_unread(self):
        return int.from_bytes(fcntl.ioctl(self._reading_end, termios.FIONREAD, bytes(4)), sys.byteorder)
