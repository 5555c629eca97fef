"""The processes of the sandbox: reaps those that exit, and ends those of stopped calls and runaway background jobs."""

import os
import select
import signal
import time

from guest import processes, system, termination

# How long the process count is watched after a command that left background jobs.
_RUNAWAY_WATCH_SECONDS = 2.0
_FULL_SHARE = 0.9


class ProcessControl:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._terminator = termination.Terminator(self.own_pids)
        # The worker process ids whose processes are being ended.
        self.terminations = self._terminator.in_progress
        # Until when the process count is watched; 0 if it isn't.
        self.watch_until = 0.0

    def attach(self, guest):
        self._loop = guest.loop
        self._channel = guest.channel
        self._pool = guest.pool
        self._disk_limit = guest.disk_limit
        self._instant = guest.instant
        self._calls = guest.calls
        self._lifecycle = guest.lifecycle
        self._worker_io = guest.worker_io

    def own_pids(self):
        """Returns the process ids of the guest's own children."""
        pids = {*self._pool.pids, *self._disk_limit.pids}
        return pids | self._instant.pids if self._instant else pids

    # Processes that exit by themselves

    def start(self):
        """Starts listening for the exit of child processes."""
        self._child_signals = system.signal_descriptor(signal.SIGCHLD)
        # The kernel ignores signals sent to process 1 that it has no handler for, so code in the sandbox cannot end it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._loop.register(self._child_signals, select.EPOLLIN, lambda events: self._reap())

    def _reap(self):
        try:
            os.read(self._child_signals, 4096)
        except BlockingIOError:
            pass
        has_lost_worker = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if os.WIFSTOPPED(status):
                # Code in the sandbox runs as the same user and may have stopped a worker, which has to continue.
                if self._disk_limit.on_stop(pid):
                    processes.send_signal(pid, signal.SIGCONT)
                continue
            worker = self._pool.remove(pid)
            self._disk_limit.on_exit(pid)
            if self._instant:
                self._instant.on_exit(pid, status)
            if worker:
                has_lost_worker = True
                self._on_worker_exit(worker)
        if has_lost_worker:
            # Whatever killed one worker may have affected the others as well.
            for worker in self._pool.kill_idle():
                self._terminator.finish(worker.pid)
                self._worker_io.close(worker)
            # Processes that lost their worker can no longer be assigned to a call.
            self.terminate({termination.ORPHANS})
            self._pool.prewarm()

    def _on_worker_exit(self, worker):
        self._terminator.finish(worker.pid)
        self._worker_io.close(worker)
        self._lifecycle.on_worker_exit(worker)

    def on_worker_free(self, worker):
        """Handles the report that the worker has no child left, as the kernel confirmed."""
        self._terminator.finish(worker.pid)

    # Processes that are ended

    @property
    def is_busy(self):
        """Whether processes are being watched or ended, which requires frequent ticks."""
        return bool(self.terminations or self.watch_until)

    def is_terminating(self, worker):
        """Whether the processes below the worker are being ended."""
        return worker.pid in self.terminations

    def terminate(self, pids, is_graceful=False):
        """Ends everything below the workers `pids`."""
        if pids:
            self._terminator.start(pids, is_graceful)
            self.continue_terminations()

    def continue_terminations(self):
        """Ends what is left of processes that are being ended. Called every `termination.TICK_SECONDS`."""
        if self._terminator.step():
            self._channel.log("ended everything in the sandbox: the processes of a call could not be ended otherwise")

    def clean_up(self, worker):
        """Ends everything below a worker that has no call, before the worker is used again."""
        self._pool.quarantine(worker)
        self.terminate({worker.pid})

    def clean_up_prewarmed(self):
        """Ends the prewarmed shells and everything else below their workers.

        Used after a command was ended by force: since every process of the sandbox runs as the same user, the command
        may have made a prewarmed shell run code that was meant to survive.
        """
        self.terminate(self._pool.quarantine_prewarmed())

    def kill_everything(self, pids):
        """Kills all processes except the guest's own before it returns, then keeps ending those below the workers
        `pids`, and those that have lost their worker.
        """
        self._terminator.kill_everything({*pids, termination.ORPHANS})

    def is_running(self, worker, is_starved):
        """Returns whether a process below the worker is runnable or, with `is_starved`, is starved of CPU time."""
        try:
            table = processes.Table()
        except OSError:
            return False
        candidates = table.starved if is_starved else table.running
        return not candidates.isdisjoint(processes.descendants(table.parents, {worker.pid}))

    # The process limit

    def watch_for_runaway(self):
        """Watches the process count for a while after a command left background jobs, which may multiply."""
        self.watch_until = time.monotonic() + _RUNAWAY_WATCH_SECONDS

    def check_for_runaway(self, now):
        """Ends background jobs that multiply, until it is time to stop watching for them."""
        if now > self.watch_until:
            self.watch_until = 0.0
        elif (system.process_count() or 0) > self._pids_limit * _FULL_SHARE:
            self._terminate_runaway()

    def make_room(self):
        """Ends the processes that exhaust the process limit. Returns whether it makes sense to wait for room."""
        if self.terminations or self._terminate_runaway(is_room_needed=not self._calls):
            return True
        if not self._is_blocked:
            return False
        self._channel.log("ended everything in the sandbox: at the process limit, no further process could start")
        self._lifecycle.stop_everything()
        return True

    def exit_if_blocked(self):
        """Ends the sandbox if no call can start in it any more."""
        if self._is_blocked:
            self._channel.give_up("guest: no further process can start, and there are none left to end", 70)

    @property
    def _is_blocked(self):
        """Whether the sandbox is full of processes and no call is in progress whose end would make room."""
        return not self._calls and (system.process_count() or 0) > self._pids_limit * _FULL_SHARE

    def _terminate_runaway(self, is_room_needed=False):
        """Makes room in a sandbox full of processes. Returns whether any are being ended."""
        try:
            pid, count = self._pool.find_runaway(self._terminator, is_room_needed)
        except OSError:
            return False
        if pid is None:
            return False
        self._channel.log(f"ended {count} background processes: the sandbox was at its limit of {self._pids_limit}")
        self.terminate({pid})
        self.clean_up_prewarmed()
        return True
