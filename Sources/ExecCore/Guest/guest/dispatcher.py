"""Dispatches calls: starts them, moves data between the server and their keepers, and ends them."""

import math
import os
import select
import time

from guest import arrivals, calls, confinement, endings, keepers, memory, output, places, shells

_READ_SIZE = 256 * 1024
# Backpressure: with more bytes than this waiting for keepers, the channel is not read until they have been sent.
_INPUT_BOUND = 64 * 1024 * 1024
# The maximum number of attempts to start a call while processes are ended to make room for it, and of keepers tried
# whose prewarmed shell turns out to be dead.
_MOST_TRIES = 300
_MOST_KEEPERS = 16


class Dispatcher:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._memory = memory.MemoryWatch(config["memory"])
        self._spool = output.Spool()
        self._arrivals = arrivals.Arrivals()
        self._calls = {}
        self._by_keeper = {}
        # The earliest time at which a call has to be checked. May belong to a call that has already ended.
        self._due = math.inf
        # Called when a command has ended and left a background job.
        self.tell_of_jobs = lambda has_jobs: None

    def attach(self, poll, channel, pool, watch, disk_limit, lifecycle):
        self._poll = poll
        self._channel = channel
        self._pool = pool
        self._watch = watch
        self._disk_limit = disk_limit
        self._lifecycle = lifecycle
        pool.on_new = self._listen

    @property
    def calls(self):
        """The calls in progress."""
        return list(self._calls.values())

    @property
    def has_calls(self):
        return bool(self._calls)

    def call_of(self, keeper):
        """Returns the call that a keeper works on, or None if it has none."""
        return self._by_keeper.get(keeper.pid)

    def is_under_way(self, call):
        return call.number in self._calls

    def seconds_to_wait(self):
        """Returns the seconds until a call has to be checked, whether in progress or waiting for a keeper."""
        wait = max(0.0, self._due - time.monotonic())
        return min(wait, self._arrivals.seconds_to_wait()) if self._arrivals else wait

    def expect(self, call):
        """Schedules the next check of a call in progress after its wake-up time has changed."""
        self._due = min(self._due, call.wake_at())

    def take_due(self, now):
        """Returns the calls in progress if a check is due, else none. The caller must `expect` each of them again."""
        if now < self._due:
            return []
        self._due = math.inf
        return list(self._calls.values())

    # From the server

    def take_call(self, number, request):
        arrival = arrivals.Arrival(number, request["method"], request["params"])
        if self._pool.has_idle and not self._arrivals:
            self._begin(arrival)
        else:
            self._arrivals.add(arrival)
            self.begin_calls()

    def cancel(self, number):
        if number in self._calls:
            self._lifecycle.stop(self._calls[number])
        elif self._arrivals.drop(number):
            self._fail(number, "ended", "Given up before it began.")

    def give_up(self):
        """Stops every call in progress and discards those that wait for a keeper."""
        self._arrivals = arrivals.Arrivals()
        for call in self.calls:
            self._lifecycle.stop(call)

    def take_data(self, number, payload):
        call = self._calls.get(number) or self._arrivals.get(number)
        if call:
            call.input += memoryview(payload)[1:]
            if number in self._calls:
                self.guard(call, lambda: self._write_input(call))
            else:
                self._bound_input()

    # Starting calls

    def begin_calls(self):
        """Starts waiting calls for as long as a keeper is free or one more may be started."""
        while self._arrivals:
            newest = 0.0 if self._pool.has_idle else max((call.began for call in self._calls.values()), default=0.0)
            arrival = self._arrivals.take(self._pool.has_idle, newest)
            if not arrival:
                break
            self._begin(arrival)

    def _begin(self, arrival):
        number, method, params = arrival.number, arrival.method, arrival.params
        if self._pool.has_background:
            # Modes that a command has changed are repaired when it ends, but a background job may change them at any
            # time.
            self._channel.log(places.mend())
        strictness = self._disk_limit.strictness
        may_write = strictness == confinement.USUAL
        if not may_write and method == "write_file":
            self._fail(number, "io", self._disk_limit.note("Not written"))
            return
        keeper = shell = None
        try:
            is_command = method == "execute"
            before = calls.Before(self._watch, self._memory) if is_command else None
            command = self._command(params, may_write) if is_command else None
            keeper, shell = self._keeper_for(command, strictness)
            if not keeper:
                self._wait_for_room(arrival)
                return
            if shell:
                call = calls.Command(number, keeper, params, shell, before, self._spool, may_write)
            else:
                self._memory.stir()
                call = calls.FileOperation(number, keeper, method, params)
        except Exception as error:
            self._refuse(number, keeper, shell, error)
            return
        call.input += arrival.input
        self._calls[number] = self._by_keeper[keeper.pid] = call
        self.guard(call, lambda: self._attend(call))

    def _command(self, params, may_write):
        return (params["command"] if may_write else shells.NO_WRITING + params["command"]).encode()

    def _keeper_for(self, command, strictness):
        """Returns a keeper and its shell, which has received `command`. The shell is None if `command` is None; both
        are None if the process limit leaves no room. Raises `OSError` if no descriptors are available.
        """
        for _ in range(_MOST_KEEPERS):
            keeper = self._pool.take(strictness)
            if not keeper:
                break
            if command is None:
                return keeper, None
            try:
                keeper.prepare_shell()
            except OSError:
                self._give_back(keeper, True)
                raise
            shell = keeper.take_shell()
            if shell:
                if shell.run(command):
                    return keeper, shell
                shell.close()
            # Processes that the dead shell left behind belong to no call.
            self._lifecycle.clear(keeper)
        return None, None

    def _wait_for_room(self, arrival):
        """Requeues a call that found no room for a process if room is being made; otherwise fails it."""
        if arrival.tries < _MOST_TRIES and self._lifecycle.make_room():
            self._arrivals.put_back(arrival, endings.TICK_SECONDS)
            return
        self._lifecycle.give_up_if_blocked()
        text = f"The sandbox is at its limit of {self._pids_limit} processes. End some and try again."
        self._fail(arrival.number, "busy", text)

    def _attend(self, call):
        self._disk_limit.poke()
        if call.input:
            self._write_input(call)
        if isinstance(call, calls.Command):
            self._feed(call)
        for descriptor in call.open_outputs:
            self._poll.on(descriptor, select.EPOLLIN, lambda events, at=descriptor: self._read_output(call, at))

    def _fail(self, number, code, text):
        self._channel.send(calls.failure(number, code, text))

    def _refuse(self, number, keeper, shell, error):
        """Fails a call that could not start, for lack of descriptors or because of an unexpected error."""
        if isinstance(error, OSError):
            self._fail(number, "busy", _lack(error))
        else:
            self._channel.log(f"a call has not begun: {type(error).__name__}: {error}")
            self._fail(number, "ended", "The call failed inside the sandbox. Try again.")
        if shell:
            shell.close()
            self._lifecycle.clear(keeper)
        elif keeper:
            self._give_back(keeper, True)

    # Isolation: an error in one call ends only that call

    def guard(self, call, work):
        """Runs `work` for a call. An unexpected error ends the call, not the sandbox."""
        try:
            work()
            self.expect(call)
        except Exception as error:
            self._break(call, error)

    def _break(self, call, error):
        self._channel.log(f"a call has failed: {type(error).__name__}: {error}")
        if self._calls.pop(call.number, None) is None:
            return
        self._by_keeper.pop(call.keeper.pid, None)
        if isinstance(error, OSError):
            self._fail(call.number, "busy", _lack(error))
        else:
            self._fail(call.number, "ended", "The call failed inside the sandbox. Try again.")
        call.outputs.drop_passed()
        if isinstance(call, calls.Command):
            self._stop_feeding(call)
            call.note_memory()
        for descriptor in call.open_outputs:
            self._poll.off(descriptor)
            os.close(descriptor)
        self._lifecycle.clear(call.keeper)

    # Keepers

    def _write_input(self, call):
        if call.number in self._calls:
            has_more = call.write_input()
            self._listen(call.keeper, select.EPOLLOUT if has_more else 0)
        self._bound_input()

    def _bound_input(self):
        waiting = self._arrivals.size + sum(len(call.input) for call in self._calls.values())
        self._channel.read_if(waiting <= _INPUT_BOUND)

    def _feed(self, call):
        """Sends the rest of a long command as the shell reads it."""
        descriptor = call.shell.fileno()
        if descriptor >= 0:
            self._poll.on(descriptor, select.EPOLLOUT, lambda events: self._go_on_feeding(call))

    def _go_on_feeding(self, call):
        self._poll.off(call.shell.fileno())
        if call.shell.feed():
            self._feed(call)
        else:
            call.shell.stop_feeding()

    def _stop_feeding(self, call):
        if call.shell.fileno() >= 0:
            self._poll.off(call.shell.fileno())
            call.shell.stop_feeding()

    def _listen(self, keeper, more_events=0):
        events = select.EPOLLIN | more_events
        self._poll.on(keeper.socket.fileno(), events, lambda events: self._hear(keeper, events))

    def _hear(self, keeper, events):
        """Handles a report of the keeper, or sends it more input once its socket is writable."""
        call = self.call_of(keeper)
        if events & select.EPOLLOUT and call:
            self.guard(call, lambda: self._write_input(call))
        if not events & ~select.EPOLLOUT or keeper.socket.fileno() < 0:
            return
        try:
            report = keeper.socket.recv(keepers.REPORT.size)
        except BlockingIOError:
            return
        except OSError:
            report = b""
        if len(report) < keepers.REPORT.size:
            # It is dead or dying; SIGCHLD reports the rest.
            self._poll.off(keeper.socket.fileno())
            return
        kind, number, serial, is_free = keepers.REPORT.unpack(report)
        if is_free and kind != keepers.DONE:
            self._lifecycle.hear_free(keeper)
        call = self.call_of(keeper)
        if call:
            self.guard(call, lambda: self._report(call, kind, number, serial, is_free))
        elif not is_free:
            # A prewarmed shell has died and left processes that no command of ours started.
            self._lifecycle.clear(keeper)
        elif self._pool.is_apart(keeper):
            self._give_back(keeper, True)
        else:
            # A prewarmed shell has died: the next command gets a new one.
            keeper.drop_shell()

    def _report(self, call, kind, number, serial, is_free):
        call.hear(kind, number, serial, is_free)
        self.settle(call)

    def _give_back(self, keeper, is_free):
        if not self._pool.give_back(keeper, is_free):
            self.dismiss(keeper)
        elif not is_free:
            self._lifecycle.watch_for_runaway()
            self._pool.prepare()

    def dismiss(self, keeper):
        """Closes a keeper and stops listening to it."""
        if keeper.socket.fileno() >= 0:
            self._poll.off(keeper.socket.fileno())
            keeper.close()

    # Ending calls

    def _read_output(self, call, descriptor):
        self.guard(call, lambda: self._take_output(call, descriptor))

    def _take_output(self, call, descriptor):
        self._channel.send(call.read(descriptor))
        if descriptor not in call.open_outputs:
            self._poll.off(descriptor)
            os.close(descriptor)
            self.settle(call)

    def settle(self, call):
        """Ends the call if it is complete and need not wait for a count of the workspace."""
        if call.number not in self._calls or self._lifecycle.is_ending(call) or not call.is_over():
            return
        if not self._disk_limit.hold(call):
            self.end(call)

    def end(self, call):
        for descriptor in call.open_outputs:
            self._poll.off(descriptor)
        call.outputs.drop_passed()
        is_command = isinstance(call, calls.Command)
        if is_command:
            self._stop_feeding(call)
            call.drain()
            call.note_memory(len(self._calls) == 1 and not self._pool.has_background)
            if not call.may_write and self._disk_limit.is_full:
                call.note += self._disk_limit.note("Nothing could be written")
            if not self._watch.is_told:
                self._watch.wake()
        last = call.finish()
        del self._calls[call.number]
        self._by_keeper.pop(call.keeper.pid, None)
        if is_command and not call.leaves_nothing:
            # Sent before the result, so that the server knows of the job by the time the client sees the command end.
            self.tell_of_jobs(True)
        self._channel.send(last)
        self._channel.log(places.mend())
        for descriptor in call.open_outputs:
            self._release(call, descriptor)
        if is_command or call.leaves_nothing:
            self._give_back(call.keeper, call.leaves_nothing)
        else:
            # The keeper's prewarmed shell died during a file operation and left processes behind.
            self._lifecycle.clear(call.keeper)
        if is_command and call.is_stopping:
            self._lifecycle.clear_waiting()

    def _release(self, call, descriptor):
        """Releases an output that the call no longer reads.

        A background job may still write to it. Its output is discarded, but the pipe stays open because otherwise
        SIGPIPE would kill the job at its next write.
        """
        if call.leaves_nothing:
            os.close(descriptor)
        else:
            self._poll.on(descriptor, select.EPOLLIN, lambda events: self._discard(descriptor))

    def _discard(self, descriptor):
        try:
            if os.read(descriptor, _READ_SIZE):
                return
        except BlockingIOError:
            return
        self._poll.off(descriptor)
        os.close(descriptor)


def _lack(error):
    return f"The sandbox has no room for another call: {error.strerror}. End some processes and try again."
