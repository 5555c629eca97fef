"""Process lifecycle: reaps processes that exit, ends those of stopped calls, and ends runaway background jobs."""

import os
import select
import signal
import time

from guest import calls, endings, processes, system

# How long the process count is watched after a command that left background jobs.
_WATCH_SECONDS = 2.0
# How long a keeper may take to report after it was told to end a call.
_LAST_SECONDS = 2.0
_FULL = 0.9
_KEEPER_LOST = "The command was ended from inside the sandbox, with the process that watches over it.\n"


class Lifecycle:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._endings = endings.Endings(lambda: {*self._pool.pids, *self._disk_limit.pids})
        self._watch_until = 0.0

    def attach(self, poll, channel, pool, disk_limit, dispatcher):
        self._poll = poll
        self._channel = channel
        self._pool = pool
        self._disk_limit = disk_limit
        self._dispatcher = dispatcher

    def begin(self):
        """Starts listening for the exit of child processes."""
        self._ends = system.signal_descriptor(signal.SIGCHLD)
        # The kernel ignores signals sent to process 1 that it has no handler for, so code in the sandbox cannot end it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._poll.on(self._ends, select.EPOLLIN, lambda events: self._reap())

    # Processes that exit by themselves

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
                # Code in the sandbox runs as the same user and may have stopped a keeper, which has to continue.
                if self._disk_limit.find_stopped(pid):
                    processes.send(pid, signal.SIGCONT)
                continue
            keeper = self._pool.lose(pid)
            self._disk_limit.lose(pid)
            if keeper:
                has_lost = True
                self._mourn(keeper)
        if has_lost:
            # Whatever killed one keeper may have affected the others as well.
            for keeper in self._pool.give_up_idle():
                self._endings.is_over(keeper.pid)
                self._dispatcher.dismiss(keeper)
            # Processes that lost their keeper can no longer be assigned to a call.
            self._end({endings.STRAYS})
            self._pool.prepare()

    def _mourn(self, keeper):
        """Handles the exit of a keeper: it was killed from inside, or unwound a file operation when told to stop."""
        self._endings.is_over(keeper.pid)
        self._dispatcher.dismiss(keeper)
        call = self._dispatcher.call_of(keeper)
        if call:
            if isinstance(call, calls.Command) and not call.is_done and not call.is_stopping:
                call.note += _KEEPER_LOST
            call.is_done = call.leaves_nothing = True
            self._dispatcher.settle(call)

    # Processes that are ended

    def is_ending(self, call):
        """Whether the call's processes are being ended."""
        return call.keeper.pid in self._endings

    def hear_free(self, keeper):
        """Handles the report that the keeper has no child left, as the kernel confirmed."""
        self._endings.is_over(keeper.pid)

    def stop(self, call):
        """Starts to end all of the call's processes."""
        if call.is_stopping:
            return
        call.is_stopping = True
        call.deadline = time.monotonic() + _LAST_SECONDS
        self._dispatcher.expect(call)
        if not isinstance(call, calls.Command):
            processes.send(call.keeper.pid, signal.SIGTERM)
        elif call.is_done and call.leaves_nothing:
            # It has ended and only waits for a count of the workspace.
            self._dispatcher.end(call)
        else:
            self._end({call.keeper.pid}, is_gentle=True)

    def clear(self, keeper):
        """Ends everything below a keeper that has no call, before the keeper is used again."""
        self._pool.set_apart(keeper)
        self._end({keeper.pid})

    def clear_waiting(self):
        """Ends the prewarmed shells and everything else below their keepers.

        Used after a command was ended by force: since every process of the sandbox runs as the same user, the command
        may have made a prewarmed shell run code that was meant to survive.
        """
        self._end(self._pool.set_waiting_apart())

    def end_background(self):
        """Ends all background jobs and the prewarmed shells."""
        self._end({*self._pool.retired})
        self.clear_waiting()

    def end_everything(self):
        """Kills everything in the sandbox except the guest's own processes; nothing else runs on when this returns.

        Ends commands in progress; file operations continue. Processes that may have been missed are ended later, until
        the kernel reports that none is left.
        """
        keepers = {*self._pool.set_waiting_apart(), *self._pool.retired}
        for call in self._dispatcher.calls:
            if isinstance(call, calls.Command) and not (call.is_done and call.leaves_nothing):
                call.is_stopping = True
                keepers.add(call.keeper.pid)
        self._endings.kill_everything({*keepers, endings.STRAYS})

    def end_runaway(self, is_room_needed=False):
        """Makes room in a sandbox full of processes. Returns whether any are being ended."""
        try:
            pid, count = self._pool.runaway(self._endings, is_room_needed)
        except OSError:
            return False
        if pid is None:
            return False
        self._channel.log(f"ended {count} background processes: the sandbox was at its limit of {self._pids_limit}")
        self._end({pid})
        self.clear_waiting()
        return True

    def make_room(self):
        """Ends the processes that exhaust the process limit. Returns whether it makes sense to wait for room."""
        if self._endings.under_way or self.end_runaway(not self._dispatcher.has_calls):
            return True
        if not self._is_blocked:
            return False
        self._channel.log("ended everything in the sandbox: it had no room for another process")
        self.end_everything()
        return True

    def give_up_if_blocked(self):
        """Ends the sandbox if no call can start in it any more."""
        if self._is_blocked:
            os.write(2, b"guest: there is no room for another process, and nothing that can be ended")
            os._exit(70)

    @property
    def _is_blocked(self):
        """Whether the sandbox is full of processes and no call is in progress whose end would make room."""
        return not self._dispatcher.has_calls and (system.process_count() or 0) > self._pids_limit * _FULL

    def watch_for_runaway(self):
        """Watches the process count for a while after a command left background jobs, which may multiply."""
        self._watch_until = time.monotonic() + _WATCH_SECONDS

    def _end(self, pids, is_gentle=False):
        if pids:
            self._endings.begin(pids, is_gentle)
            self._step()

    def _step(self):
        if self._endings.step():
            self._channel.log("ended everything in the sandbox: what a call had left could not be ended otherwise")

    # Timers

    @property
    def is_busy(self):
        """Whether processes are being watched or ended, which requires frequent ticks."""
        return bool(self._endings.under_way or self._watch_until)

    def look_at_clock(self):
        now = time.monotonic()
        if self._endings.under_way:
            self._step()
        for call in self._dispatcher.take_due(now):
            self._dispatcher.guard(call, lambda call=call: self._look_at(call, now))
        if self._watch_until:
            if now > self._watch_until:
                self._watch_until = 0.0
            elif (system.process_count() or 0) > self._pids_limit * _FULL:
                self.end_runaway()

    def _look_at(self, call, now):
        self._channel.send(call.take_progress(now))
        if self.is_ending(call) or not self._dispatcher.is_under_way(call):
            return
        if call.look_for_quiet(now, lambda is_starved: self._is_at_work(call.keeper, is_starved)):
            self._dispatcher.settle(call)
        elif now >= call.deadline:
            self._run_out(call, now)

    def _run_out(self, call, now):
        """Handles a call that has reached its deadline."""
        if call.ended is not None:
            self._dispatcher.end(call)
        elif call.is_stopping:
            processes.send(call.keeper.pid, signal.SIGKILL)
            call.deadline = now + _LAST_SECONDS
        elif call.is_done and isinstance(call, calls.Command):
            # Its shell exited in time, so this is no timeout: only further output is not waited for.
            call.stop_waiting()
            self._dispatcher.settle(call)
        else:
            call.timed_out = True
            self.stop(call)

    def _is_at_work(self, keeper, is_starved):
        """Returns whether a process below the keeper is runnable or, with `is_starved`, is starved of CPU time."""
        try:
            table = processes.Table()
        except OSError:
            return False
        wanting = table.starved if is_starved else table.running
        return not wanting.isdisjoint(processes.descendants(table.parents, {keeper.pid}))
