"""The calls in progress: which begin, what goes to their keepers and comes back, and how they end."""

import os
import select

from guest import arrivals, calls, keepers, output

_READ_SIZE = 256 * 1024
# More than this not yet taken by keepers, and the channel is not read until they have.
_INPUT_BOUND = 64 * 1024 * 1024


class Dispatcher:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._memory = calls.MemoryWatch(config["memory"])
        self._spool = output.Spool()
        self._arrivals = arrivals.Arrivals()
        self._calls = {}
        self._by_keeper = {}

    def attach(self, poll, channel, pool, watch, disk_limit, lifecycle):
        self._poll = poll
        self._channel = channel
        self._pool = pool
        self._watch = watch
        self._disk_limit = disk_limit
        self._lifecycle = lifecycle

    @property
    def calls(self):
        """The calls under way."""
        return list(self._calls.values())

    @property
    def has_calls(self):
        return bool(self._calls)

    def call_of(self, keeper):
        """The call that a keeper works for; None where it has none."""
        return self._by_keeper.get(keeper.pid)

    def is_under_way(self, call):
        return call.number in self._calls

    def seconds_to_wait(self):
        """How long until a call that waits for a keeper is to be looked at; None where none waits."""
        return self._arrivals.seconds_to_wait() if self._arrivals else None

    # From the server

    def take_call(self, number, request):
        self._arrivals.add(arrivals.Arrival(number, request["method"], request["params"]))
        self.begin_calls()

    def cancel(self, number):
        if number in self._calls:
            self._lifecycle.stop(self._calls[number])
        elif self._arrivals.drop(number):
            self._channel.send(calls.failure(number, "ended", "Given up before it began."))

    def give_up(self):
        """Ends every call."""
        self._arrivals = arrivals.Arrivals()
        for call in self.calls:
            self._lifecycle.stop(call)

    def take_data(self, number, payload):
        call = self._calls.get(number) or self._arrivals.get(number)
        if call:
            call.input += memoryview(payload)[1:]
            self._write_input(call)

    # Beginning

    def begin_calls(self):
        """Has the calls begin that wait for a keeper, as far as there is one or is to be one more."""
        while self._arrivals:
            newest = 0.0 if self._pool.has_idle else max((call.began for call in self._calls.values()), default=0.0)
            arrival = self._arrivals.take(self._pool.has_idle, newest)
            if not arrival:
                break
            self._begin(arrival)

    def _begin(self, arrival):
        number, method, params = arrival.number, arrival.method, arrival.params
        is_full = self._disk_limit.is_full
        if is_full and method == "write_file":
            self._channel.send(calls.failure(number, "io", self._disk_limit.note("Not written")))
            return
        strictness = self._disk_limit.strictness
        keeper = self._pool.take(strictness) or (self._lifecycle.end_runaway() and self._pool.take(strictness))
        if not keeper:
            text = f"The sandbox is at its limit of {self._pids_limit} processes. End some and try again."
            self._channel.send(calls.failure(number, "busy", text))
            return
        if method == "execute":
            call = calls.Command(number, keeper, params, self._spool, self._watch, not is_full)
        else:
            call = calls.FileOperation(number, keeper, method, params)
        call.input += arrival.input
        self._calls[number] = self._by_keeper[keeper.pid] = call
        self._disk_limit.poke()
        self._listen(keeper)
        self._write_input(call)
        for descriptor in call.open_outputs:
            self._poll.on(descriptor, select.EPOLLIN, lambda events, at=descriptor: self._read_output(call, at))

    # Keepers

    def _write_input(self, call):
        if call.number in self._calls:
            has_more = call.write_input()
            self._listen(call.keeper, select.EPOLLOUT if has_more else 0)
        waiting = self._arrivals.size + sum(len(call.input) for call in self._calls.values())
        self._channel.read_if(waiting <= _INPUT_BOUND)

    def _listen(self, keeper, more_events=0):
        events = select.EPOLLIN | more_events
        self._poll.on(keeper.socket.fileno(), events, lambda events: self._hear(keeper, events))

    def _hear(self, keeper, events):
        """The keeper reports, or can take more input."""
        call = self.call_of(keeper)
        if events & select.EPOLLOUT and call:
            self._write_input(call)
        if not events & ~select.EPOLLOUT:
            return
        try:
            report = keeper.socket.recv(keepers.REPORT.size)
        except OSError:
            report = b""
        if len(report) < keepers.REPORT.size:
            # It is dead or dying; its end as a process says the rest.
            self._poll.off(keeper.socket.fileno())
            return
        kind, number, serial, is_free = keepers.REPORT.unpack(report)
        if kind == keepers.FREE:
            self._give_back(keeper, True)
        elif call:
            call.hear(kind, number, serial, is_free)
            self.settle(call)
        else:
            # The shell that waited has died: the next command gets a fresh one.
            keeper.drop_shell()

    def _give_back(self, keeper, is_free):
        if not self._pool.give_back(keeper, is_free):
            self.dismiss(keeper)
        elif not is_free:
            self._lifecycle.watch_for_runaway()
            self._pool.prepare()

    def dismiss(self, keeper):
        """Lets go of a keeper."""
        if keeper.socket.fileno() >= 0:
            self._poll.off(keeper.socket.fileno())
            keeper.close()

    # Ending

    def _read_output(self, call, descriptor):
        self._channel.send(call.read(descriptor))
        if descriptor not in call.open_outputs:
            self._poll.off(descriptor)
            os.close(descriptor)
            self.settle(call)

    def settle(self, call):
        """Ends the call if all of it has come."""
        if call.number not in self._calls or self._lifecycle.is_ending(call) or not call.is_over():
            return
        if not self._disk_limit.hold(call):
            self.end(call)

    def end(self, call):
        del self._calls[call.number]
        self._by_keeper.pop(call.keeper.pid, None)
        call.outputs.drop_passed()
        for descriptor in call.open_outputs:
            self._poll.off(descriptor)
        if isinstance(call, calls.Command):
            call.drain()
            call.note += self._memory.note(call.exit_code, call.began)
            if not call.may_write and self._disk_limit.is_full:
                call.note += self._disk_limit.note("Nothing could be written")
            if not self._watch.is_told:
                self._watch.wake()
        self._channel.send(call.finish())
        for descriptor in call.open_outputs:
            self._release(call, descriptor)
        self._give_back(call.keeper, call.leaves_nothing)

    def _release(self, call, descriptor):
        """Lets go of an output that the call no longer reads.

        A background job may still write to it: its words are thrown away, but the pipe stays, or the next word would
        kill it.
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
