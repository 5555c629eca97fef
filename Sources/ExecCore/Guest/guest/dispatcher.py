"""Accepts calls from the server, starts them as workers become free, and passes their input on."""

import time

from guest import (
    admission,
    calls,
    commands,
    confinement,
    directory_modes,
    file_operations,
    memory,
    output,
    shells,
    termination,
)

# Backpressure: with more bytes than this waiting for workers, the channel is not read until they have been sent.
_MAX_BUFFERED_INPUT = 64 * 1024 * 1024
# The maximum number of attempts to start a call while processes are ended to make room for it, and of workers tried
# whose prewarmed shell turns out to be dead.
_MAX_TRIES = 300
_MAX_WORKERS = 16


class Dispatcher:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._memory = memory.OutOfMemoryTracker(config["memory"])
        self._spool = output.Spool()
        self._queue = admission.AdmissionQueue()

    def kill_count(self):
        """Returns the number of processes that the kernel has killed to make room; None if it doesn't report that."""
        return self._memory.kill_count()

    def ignore_kill(self, before):
        """Has no command told of the end of a process of the guest's own, which made room for one. `before`: what
        `kill_count` returned when it was started."""
        self._memory.ignore_kill(before)

    def attach(self, guest):
        self._channel = guest.channel
        self._pool = guest.pool
        self._watcher = guest.watcher
        self._disk_limit = guest.disk_limit
        self._calls = guest.calls
        self._call_io = guest.call_io
        self._worker_io = guest.worker_io
        self._lifecycle = guest.lifecycle
        self._processes = guest.processes

    def seconds_to_wait(self):
        """Returns the seconds until a call has to be checked, whether in progress or waiting for a worker."""
        wait = max(0.0, self._calls.check_at - time.monotonic())
        return min(wait, self._queue.seconds_to_wait()) if self._queue else wait

    # From the server

    def handle_call(self, number, request):
        method = request["method"]
        kind = commands.Command if method == "execute" else file_operations.FileOperation
        call = kind(number, method, request["params"])
        if self._pool.has_idle and not self._queue:
            self._start(call)
        else:
            self._queue.add(call)
            self.start_calls()

    def cancel(self, number):
        if call := self._calls.get(number):
            self._lifecycle.stop(call)
        elif call := self._queue.remove(number):
            self._refuse(call, calls.failure(number, "ended", "Cancelled before it started."))

    def cancel_all(self):
        """Stops every call in progress and discards those that wait for a worker."""
        self._queue = admission.AdmissionQueue()
        for call in self._calls.snapshot():
            self._lifecycle.stop(call)

    def handle_data(self, number, payload):
        call = self._calls.get(number)
        if call:
            call.input += memoryview(payload)[1:]
            self._lifecycle.guard(call, lambda: self._worker_io.write_input(call))
        elif call := self._queue.get(number):
            call.input += memoryview(payload)[1:]
            self.apply_backpressure()

    def apply_backpressure(self):
        self._channel.set_reading(self._queue.size + self._calls.buffered_bytes <= _MAX_BUFFERED_INPUT)

    # Starting calls

    def start_calls(self):
        """Starts waiting calls for as long as a worker is free or one more may be started."""
        while self._queue:
            has_idle = self._pool.has_idle
            call = self._queue.next_call(has_idle, 0.0 if has_idle else self._calls.newest_start)
            if not call:
                break
            self._start(call)

    def _start(self, call):
        if self._pool.has_background:
            # Modes that a command has changed are repaired when it ends, but a background job may change them at any
            # time.
            self._channel.log(directory_modes.repair())
        # The modules are not in the workspace, so it doesn't matter how full that is.
        strictness = confinement.DEFAULT if call.method == "install_modules" else self._disk_limit.strictness
        may_write = strictness == confinement.DEFAULT
        if not may_write and call.method in ("write_file", "store_file"):
            self._refuse(call, calls.failure(call.number, "io", self._disk_limit.note("Not written")))
            return
        worker = shell = None
        try:
            is_command = isinstance(call, commands.Command)
            baseline = commands.Baseline(self._watcher, self._memory) if is_command else None
            command = self._command(call.params, may_write) if is_command else None
            worker, shell = self._worker_for(command, strictness)
            if not worker:
                self._requeue_or_fail(call)
                return
            if shell:
                call.start(worker, shell, baseline, self._spool, may_write)
            else:
                self._memory.note_activity()
                call.start(worker)
        except Exception as error:
            self._abandon_start(call, worker, shell, error)
            return
        self._calls.add(call)
        self._lifecycle.guard(call, lambda: self._begin_io(call))

    def _command(self, params, may_write):
        return (params["command"] if may_write else shells.NO_WRITE_PREFIX + params["command"]).encode()

    def _worker_for(self, command, strictness):
        """Returns a worker and its shell, which has received `command`. The shell is None if `command` is None; both
        are None if the process limit leaves no room. Raises `OSError` if no descriptors are available.
        """
        for _ in range(_MAX_WORKERS):
            worker = self._pool.acquire(strictness)
            if not worker:
                break
            if command is None:
                return worker, None
            try:
                worker.prewarm_shell()
            except OSError:
                self._worker_io.release(worker, True)
                raise
            shell = worker.acquire_shell()
            if shell:
                if shell.send_command(command):
                    return worker, shell
                shell.close()
            # Processes that the dead shell left behind belong to no call.
            self._processes.clean_up(worker)
        return None, None

    def _requeue_or_fail(self, call):
        """Requeues a call that found no room for a process if room is being made; otherwise fails it."""
        if call.tries < _MAX_TRIES and self._processes.make_room():
            self._queue.requeue(call, termination.TICK_SECONDS)
            return
        self._processes.exit_if_blocked()
        text = f"The sandbox is at its limit of {self._pids_limit} processes. End some and try again."
        self._refuse(call, calls.failure(call.number, "busy", text))

    def _begin_io(self, call):
        self._disk_limit.notify()
        if call.input:
            self._worker_io.write_input(call)
        self._call_io.start(call)

    def _refuse(self, call, frame):
        """Ends a call that has not started. `frame` says why."""
        call.enter(calls.FINISHED)
        self._channel.send(frame)

    def _abandon_start(self, call, worker, shell, error):
        """Refuses a call that could not start, for lack of descriptors or because of an unexpected error."""
        if not isinstance(error, OSError):
            self._channel.log(f"a call could not start: {type(error).__name__}: {error}")
        self._refuse(call, calls.error_frame(call.number, error))
        if shell:
            shell.close()
            self._processes.clean_up(worker)
        elif worker:
            self._worker_io.release(worker, True)
