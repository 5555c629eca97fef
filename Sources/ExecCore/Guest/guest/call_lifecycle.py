"""How calls end: complete, stopped, out of time, or failed by an error of the guest."""

import signal
import time

from guest import calls, commands, directory_modes, disk_monitor, processes

# How long a worker may take to report after it was told to end a call.
_REPORT_SECONDS = 2.0
_WORKER_LOST = "The command was ended from inside the sandbox, together with its worker process.\n"


class CallLifecycle:
    def __init__(self, max_timeout):
        """`max_timeout`: how long a command may take whose timeout stands still, in seconds."""
        self._max_timeout = max_timeout

    def attach(self, guest):
        self._channel = guest.channel
        self._pool = guest.pool
        self._watcher = guest.watcher
        self._disk_limit = guest.disk_limit
        self._calls = guest.calls
        self._call_io = guest.call_io
        self._worker_io = guest.worker_io
        self._processes = guest.processes
        self._session = guest.session

    # Errors

    def guard(self, call, work):
        """Runs `work` for a call. An unexpected error ends the call, not the sandbox."""
        try:
            work()
            self._calls.schedule_check(call)
        except Exception as error:
            self._abort(call, error)

    def _abort(self, call, error):
        self._channel.log(f"a call failed: {type(error).__name__}: {error}")
        if not self._calls.remove(call):
            return
        call.enter(calls.FINISHED)
        self._channel.send(calls.error_frame(call.number, error))
        self._call_io.abort(call)
        if isinstance(call, commands.Command):
            call.add_memory_note()
        self._processes.clean_up(call.worker)

    # Completion

    def finish_if_complete(self, call):
        """Ends the call if it is complete, at once or after a count of the workspace."""
        if call.state == calls.FINISHED or self._processes.is_terminating(call.worker) or not call.is_complete():
            return
        if not self._disk_limit.is_full or not isinstance(call, commands.Command):
            self.finish(call)
        elif call.state != calls.COUNTING:
            # It may have deleted files, which decides what the next call may do.
            call.await_count(disk_monitor.MAX_COUNT_WAIT_SECONDS)
            self._calls.schedule_check(call)
            self._disk_limit.request_count()

    def on_count(self, counted_at):
        """Ends the calls that waited for a count which started at `counted_at`."""
        for call in self._calls.snapshot():
            if call.state == calls.COUNTING and call.completed_at <= counted_at:
                self.finish(call)

    def finish(self, call):
        """Sends the call's result and releases what it used."""
        self._call_io.stop(call)
        is_command = isinstance(call, commands.Command)
        if is_command:
            call.drain()
            call.add_memory_note(len(self._calls) == 1 and not self._pool.has_background)
            if not call.may_write and self._disk_limit.is_full:
                call.note += self._disk_limit.note("Nothing could be written")
            if not self._watcher.has_inotify:
                self._watcher.schedule_scan()
        final_frames = call.final_frames()
        self._calls.remove(call)
        call.enter(calls.FINISHED)
        if is_command and not call.is_tree_empty:
            # Sent before the result, so that the server knows of the job by the time the client sees the command end.
            self._session.report_jobs(True)
        self._channel.send(final_frames)
        self._channel.log(directory_modes.repair())
        self._call_io.release(call)
        if is_command or call.is_tree_empty:
            self._worker_io.release(call.worker, call.is_tree_empty)
        else:
            # The worker's prewarmed shell died during a file operation and left processes behind.
            self._processes.clean_up(call.worker)
        if is_command and call.was_stopped:
            self._processes.clean_up_prewarmed()

    # Stopping

    def stop(self, call):
        """Starts to end all of the call's processes."""
        if call.was_stopped:
            return
        call.mark_stopped()
        call.deadline = time.monotonic() + _REPORT_SECONDS
        self._calls.schedule_check(call)
        if not isinstance(call, commands.Command):
            processes.send_signal(call.worker.pid, signal.SIGTERM)
        elif call.is_done and call.is_tree_empty:
            # It is complete and only waits for a count of the workspace.
            self.finish(call)
        else:
            self._processes.terminate({call.worker.pid}, is_graceful=True)

    def stop_everything(self):
        """Kills everything in the sandbox except the guest's own processes; nothing else runs on when this returns.

        Ends commands in progress; file operations continue. Processes that may have been missed are ended later, until
        the kernel reports that none is left.
        """
        pids = {*self._pool.quarantine_prewarmed(), *self._pool.draining}
        for call in self._calls.snapshot():
            if isinstance(call, commands.Command) and not (call.is_done and call.is_tree_empty):
                call.mark_stopped()
                pids.add(call.worker.pid)
        self._processes.kill_everything(pids)

    def on_worker_exit(self, worker):
        """Handles the exit of a worker: it was killed from inside, or unwound a file operation when told to stop."""
        call = self._calls.for_worker(worker)
        if call:
            if call.state == calls.RUNNING and isinstance(call, commands.Command):
                call.note += _WORKER_LOST
            call.on_worker_exit()
            self.finish_if_complete(call)

    # Time

    def check_timers(self):
        """Continues to end processes, and checks the calls that are due: sends their progress, and ends those that are
        quiet or late.
        """
        now = time.monotonic()
        if self._processes.terminations:
            self._processes.continue_terminations()
        for call in self._calls.due(now):
            self.guard(call, lambda call=call: self._check(call, now))
        if self._processes.watch_until:
            self._processes.check_for_runaway(now)

    def _check(self, call, now):
        self._channel.send(call.progress_frames(now))
        if call.state == calls.FINISHED or self._processes.is_terminating(call.worker):
            return
        if call.check_quiet(now, lambda is_starved: self._processes.is_running(call.worker, is_starved)):
            self.finish_if_complete(call)
        elif now >= call.deadline:
            self._on_deadline(call, now)

    def _on_deadline(self, call, now):
        if call.state == calls.COUNTING:
            self.finish(call)
        elif call.state == calls.STOPPING:
            processes.send_signal(call.worker.pid, signal.SIGKILL)
            call.deadline = now + _REPORT_SECONDS
        elif call.state == calls.DRAINING:
            # Its shell exited in time, so this is no timeout: only further output is not waited for.
            call.stop_waiting()
            self.finish_if_complete(call)
        else:
            call.on_timeout()
            self.stop(call)

    def hold_clock(self, number, level):
        """Stops or continues the timeout of a command, which waits for something outside the sandbox."""
        call = self._calls.get(number)
        if isinstance(call, commands.Command):
            call.hold_clock(level, self._max_timeout)
            self._calls.schedule_check(call)
