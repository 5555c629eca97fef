"""The guest's end of the channel to the server: sends and receives frames, with backpressure."""

import os
import select
import time

import guest
from guest import frames, heartbeat, system

_READ_SIZE = 256 * 1024
# Rate limit: at most this many lines for the server's log in this many seconds.
_MAX_LINES = 10
_LOG_WINDOW_SECONDS = 10.0


class Channel:
    def __init__(self, loop, on_frame, key=b""):
        """`on_frame(kind, number, payload)` is called for each frame received. With a `key`, the channel is sealed."""
        self._out, self._in = frames.move_channel()
        self._decoder = frames.Decoder()
        self._sealer = None
        if key:
            system.hide_error_output()
            # Its module isn't there otherwise.
            self._sealer = guest.seal.Sealer(key, guest.seal.FROM_GUEST)
            self._decoder = guest.seal.Decoder(guest.seal.Opener(key, guest.seal.FROM_SERVER), self._decoder)
        self._loop = loop
        self._on_frame = on_frame
        # Whether no server is connected that would read.
        self.is_suspended = False
        # Whether frames are read as they arrive.
        self.is_reading = False
        # Whether anything was read since this was last reset.
        self.has_read = False
        self._write_all = self._sealing(frames.write_all)
        self._logged_at = []

    def write_patiently(self, seconds, on_interval):
        """From now on, calls `on_interval(has_moved)` after each interval of `seconds` in which a frame could not be
        sent, with whether anything has arrived meanwhile.
        """
        writer = heartbeat.PatientWriter(self._out, self._in, seconds, on_interval)
        self._write_all = self._sealing(writer.write_all)

    def _sealing(self, write_all):
        return self._sealer.sealing(write_all) if self._sealer else write_all

    def set_reading(self, should_read):
        """Starts or stops reading frames."""
        self.is_reading = should_read
        if should_read:
            self._loop.register(self._in, select.EPOLLIN, lambda events: self._read())
        else:
            self._loop.unregister(self._in)

    def send(self, data):
        if data and not self.is_suspended:
            self._write_all(self._out, data)

    def suspend(self):
        """Announces that nothing more will be sent, and sends nothing more."""
        self.send(frames.frame(frames.LEAVE, 0))
        self.is_suspended = True

    def resume(self):
        self.is_suspended = False

    def log(self, text):
        """Sends a line to the server's log. Ignores empty text, and lines beyond the rate limit, to protect the server
        from a flood.
        """
        if not text:
            return
        now = time.monotonic()
        self._logged_at = [at for at in self._logged_at if now - at < _LOG_WINDOW_SECONDS]
        if len(self._logged_at) < _MAX_LINES:
            self._logged_at.append(now)
            self.send(frames.frame(frames.LOG, 0, text.encode("utf-8", "replace")))

    def _read(self):
        data = os.read(self._in, _READ_SIZE)
        if not data:
            # The server is gone or wants the guest to end. The exit of process 1 ends everything in the sandbox.
            self._say_goodbye()
            os._exit(0)
        self.has_read = True
        for kind, number, payload in self._decoder.feed(data):
            self._on_frame(kind, number, payload)

    def _say_goodbye(self):
        """Tells a server that is still there that this end is intended."""
        if not self.is_suspended:
            self._send_at_once(frames.frame(frames.GOODBYE, 0))

    def _send_at_once(self, data):
        """Sends a last frame without waiting for a reader."""
        _write_at_once(self._out, b"".join(self._sealer.seal(data)) if self._sealer else data)

    def fail(self, error):
        """Ends the guest because of an error of its own."""
        reason = f"guest: {type(error).__name__}"
        text = f"{reason}: {error}"[:1000]
        if self._sealer and not isinstance(error, guest.seal.SealError):
            # The error output is recorded, and the text may repeat what a user has sent.
            self._send_at_once(frames.frame(frames.LOG, 0, text.encode("utf-8", "replace")))
            text = reason
        self.give_up(text, 70)

    def give_up(self, reason, status):
        """Ends the guest, and with it everything in the sandbox. The engine's command line shows the reason, if it is
        still there.
        """
        _write_at_once(system.error_output, reason.encode("utf-8", "replace"))
        os._exit(status)


def _write_at_once(descriptor, data):
    """Writes what can be written without waiting for a reader."""
    try:
        os.set_blocking(descriptor, False)
        os.write(descriptor, data)
    except OSError:
        pass
