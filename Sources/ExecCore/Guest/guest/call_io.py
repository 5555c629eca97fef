"""The pipes and sockets of calls in the event loop: reads the outputs, and sends long commands to their shells."""

import os
import select

from guest import commands

_READ_SIZE = 256 * 1024


class CallIO:
    def attach(self, guest):
        self._loop = guest.loop
        self._channel = guest.channel
        self._lifecycle = guest.lifecycle

    def start(self, call):
        """Starts to read the call's outputs, and to send the rest of its command as the shell reads it."""
        if isinstance(call, commands.Command):
            self._watch_shell_socket(call)
        for descriptor in call.open_outputs:
            self._loop.register(descriptor, select.EPOLLIN, lambda events, at=descriptor: self._on_output(call, at))

    def stop(self, call):
        """Stops reading and sending."""
        for descriptor in call.open_outputs:
            self._loop.unregister(descriptor)
        call.outputs.close_write_ends()
        if isinstance(call, commands.Command) and call.shell.fileno() >= 0:
            self._loop.unregister(call.shell.fileno())
            call.shell.stop_sending()

    def abort(self, call):
        """Stops reading and sending, and closes the outputs."""
        self.stop(call)
        for descriptor in call.open_outputs:
            os.close(descriptor)

    def release(self, call):
        """Releases the outputs that the call no longer reads.

        A background job, also one of a Python session, may still write to them. Its output is discarded, but the pipes
        stay open because otherwise SIGPIPE would kill the job at its next write.
        """
        for descriptor in call.open_outputs:
            self._loop.register(descriptor, select.EPOLLIN, lambda events, at=descriptor: self._discard_output(at))

    # Outputs

    def _on_output(self, call, descriptor):
        self._lifecycle.guard(call, lambda: self._read_output(call, descriptor))

    def _read_output(self, call, descriptor):
        self._channel.send(call.read(descriptor))
        if descriptor not in call.open_outputs:
            self._loop.unregister(descriptor)
            os.close(descriptor)
            self._lifecycle.finish_if_complete(call)

    def _discard_output(self, descriptor):
        try:
            if os.read(descriptor, _READ_SIZE):
                return
        except BlockingIOError:
            return
        self._loop.unregister(descriptor)
        os.close(descriptor)

    # Commands

    def _watch_shell_socket(self, call):
        descriptor = call.shell.fileno()
        if descriptor >= 0:
            self._loop.register(descriptor, select.EPOLLOUT, lambda events: self._send_more(call))

    def _send_more(self, call):
        self._loop.unregister(call.shell.fileno())
        if call.shell.send_rest():
            self._watch_shell_socket(call)
        else:
            call.shell.stop_sending()
