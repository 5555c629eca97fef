"""The connection with the server: the handshake, the frames that arrive, and the handover to the next server."""

from guest import directory_modes, frames, shells, system

PROTOCOL = 1


class Session:
    def __init__(self, ways_out):
        """`ways_out`: the ways out of the sandbox that are open although there should be none."""
        self._ways_out = ways_out
        self._is_handshake_due = False
        # What accepts connections of programs in the sandbox.
        self.relays = []

    def attach(self, guest):
        self._channel = guest.channel
        self._pool = guest.pool
        self._watcher = guest.watcher
        self._calls = guest.calls
        self._dispatcher = guest.dispatcher
        self._guest_calls = guest.guest_calls
        self._lifecycle = guest.lifecycle
        self._jobs = guest.jobs
        self._processes = guest.processes

    def start(self):
        """Starts to receive calls."""
        self._channel.set_reading(True)
        self._channel.log(directory_modes.repair(is_start=True))
        self._send_handshake()

    def _send_handshake(self):
        handshake = {"protocol": PROTOCOL, "network": self._ways_out, **system.sandbox_facts(shells.SHELL)}
        self._channel.send(frames.json_frame(frames.HELLO, 0, handshake))

    def handle_frame(self, kind, number, payload):
        if kind == frames.LEAVE:
            self._suspend()
        elif kind == frames.HELLO:
            self._is_handshake_due = True
        elif self._channel.is_suspended:
            # Late frames from the server that is leaving.
            pass
        elif number & frames.GUEST_CALL:
            self._guest_calls.handle_frame(kind, number, payload)
        elif kind == frames.CALL:
            self._dispatcher.handle_call(number, frames.json_value(payload))
        elif kind == frames.CANCEL:
            self._dispatcher.cancel(number)
        elif kind == frames.DATA:
            self._dispatcher.handle_data(number, payload)
        elif kind == frames.CLOCK:
            self._lifecycle.hold_clock(number, payload[0] if payload else 0)
        elif kind == frames.PING:
            self._channel.send(frames.frame(frames.PONG, 0))
        elif kind not in (frames.END, frames.RESULT, frames.FAILURE):
            raise ValueError(f"a frame of the unknown kind {kind}")

    def report_jobs(self, has_jobs):
        """Notifies the server if there are background jobs now and were none, or the reverse."""
        self._channel.send(self._jobs.update(has_jobs, self._processes.is_busy))

    def update(self):
        """Completes a handover, and reports background jobs."""
        if self._is_handshake_due and not self._calls:
            self._resume()
        if self._pool.has_background != self._jobs.has_jobs:
            self.report_jobs(self._pool.has_background)

    def seconds_to_wait(self):
        """Returns the seconds until background jobs have to be reported; None if nothing is due."""
        # Until these processes have ended, the end of jobs isn't reported. Zero would keep the loop busy meanwhile.
        return None if self._processes.is_busy else self._jobs.seconds_to_wait(self._pool.has_background)

    def _suspend(self):
        """The server disconnects: ends its calls and sends nothing until another server connects."""
        self._dispatcher.cancel_all()
        for relay in self.relays:
            relay.suspend()
        self._channel.suspend()

    def _resume(self):
        """Another server has connected, and the calls of the previous one have ended."""
        self._is_handshake_due = False
        self._channel.resume()
        self._send_handshake()
        self._jobs.reset()
        self._watcher.reset()
        for relay in self.relays:
            relay.resume()
