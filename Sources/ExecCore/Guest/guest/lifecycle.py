"""How processes of the sandbox end: those that end themselves, those of calls that are stopped, and runaways."""

import os
import select
import signal
import time

from guest import calls, processes, system

# How long after a command that left background jobs the number of processes is watched.
_WATCH_SECONDS = 2.0
# How long a keeper has to report once it was told to end.
_LAST_SECONDS = 2.0
_FULL = 0.9


class Lifecycle:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._terminations = {}
        self._watch_until = 0.0

    def attach(self, poll, channel, pool, disk_limit, dispatcher):
        self._poll = poll
        self._channel = channel
        self._pool = pool
        self._disk_limit = disk_limit
        self._dispatcher = dispatcher

    def begin(self):
        """Hears of children that end from now on."""
        self._ends = system.signal_descriptor(signal.SIGCHLD)
        # Process 1 is deaf to signals that it has no handler for, so that code in the sandbox cannot end it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._poll.on(self._ends, select.EPOLLIN, lambda events: self._reap())

    # Ends that come by themselves

    def _reap(self):
        try:
            os.read(self._ends, 4096)
        except BlockingIOError:
            pass
        has_lost = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if os.WIFSTOPPED(status):
                # Code in the sandbox runs under the same user and may have stopped a keeper: it is needed.
                if self._disk_limit.find_stopped(pid):
                    processes.send(pid, signal.SIGCONT)
                continue
            keeper = self._pool.lose(pid)
            self._disk_limit.lose(pid)
            if keeper:
                has_lost = True
                self._mourn(keeper)
        if has_lost:
            for keeper in self._pool.give_up_idle():
                self._dispatcher.dismiss(keeper)
            self._pool.end_strays(self._disk_limit.pids)
            self._pool.prepare()

    def _mourn(self, keeper):
        """A keeper was killed from inside, or unwound a file operation as it was told to."""
        self._dispatcher.dismiss(keeper)
        call = self._dispatcher.call_of(keeper)
        if call:
            self._terminations.pop(call.number, None)
            call.is_done = call.leaves_nothing = True
            self._dispatcher.settle(call)

    # Ends that are brought about

    def is_ending(self, call):
        """Whether the call's processes are being ended."""
        return call.number in self._terminations

    def stop(self, call):
        """Begins to end all of the call's processes."""
        if call.number in self._terminations or call.is_stopping:
            return
        call.is_stopping = True
        call.deadline = time.monotonic() + _LAST_SECONDS
        if isinstance(call, calls.Command):
            self._terminations[call.number] = processes.Termination(call.keeper.pid)
        else:
            processes.send(call.keeper.pid, signal.SIGTERM)

    def watch_for_runaway(self):
        """A command has left background jobs: they may become too many."""
        self._watch_until = time.monotonic() + _WATCH_SECONDS

    @property
    def is_busy(self):
        """Whether processes are watched or ended, and the clock is to be looked at often."""
        return bool(self._terminations or self._watch_until)

    def look_at_clock(self):
        now = time.monotonic()
        by_number = {call.number: call for call in self._dispatcher.calls}
        for number, termination in list(self._terminations.items()):
            if termination.step():
                del self._terminations[number]
                call = by_number[number]
                call.deadline = now + _LAST_SECONDS
                self._dispatcher.settle(call)
        for call in self._dispatcher.calls:
            self._channel.send(call.take_progress(now))
            if now >= call.deadline and not self.is_ending(call):
                self._run_out(call, now)
        if self._watch_until:
            if now > self._watch_until:
                self._watch_until = 0.0
            elif (system.process_count() or 0) > self._pids_limit * _FULL:
                self.end_runaway()

    def _run_out(self, call, now):
        """The call's time is up."""
        if call.ended is not None:
            self._dispatcher.end(call)
        elif call.is_stopping:
            processes.send(call.keeper.pid, signal.SIGKILL)
            call.deadline = now + _LAST_SECONDS
        else:
            call.timed_out = True
            self.stop(call)

    def end_runaway(self):
        count = self._pool.end_runaway()
        if count:
            self._channel.log(f"ended {count} background processes: the sandbox was at its limit of {self._pids_limit}")
        return count
