"""The guest: process 1 of a sandbox. Takes calls from the server over its standard input and output, hands each to a
keeper, and sends back what comes of it.

One thread and one loop. Nothing in the loop waits for a file, a command or a keeper.
"""

import gc
import os
import select
import signal
import time

from guest import (
    arrivals,
    calls,
    egress,
    frames,
    keepers,
    output,
    pollset,
    pool,
    processes,
    quota,
    shells,
    system,
    watch,
)

PROTOCOL = 1

_CHANNEL_READ = 256 * 1024
# More than this not yet taken by keepers, and the channel is not read until they have.
_INPUT_BOUND = 64 * 1024 * 1024
# When nothing has happened for so long, shells are started ahead: the next call has not come right after the last.
_REST_SECONDS = 0.003
# How long after a command that left background jobs the number of processes is watched.
_WATCH_SECONDS = 2.0
# How long a keeper has to report once it was told to end.
_LAST_SECONDS = 2.0
_FULL = 0.9


class Guest:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._out, self._in = frames.take_channel()
        score = system.OutOfMemoryScore()
        system.prepare_process()
        self._surveyor = quota.Surveyor(config["workspace_limit"]) if config["workspace_limit"] else None
        file_limit = config["workspace_limit"] + quota.MARGIN if self._surveyor else 0
        self._pool = pool.KeeperPool(score, self._pids_limit, file_limit)
        self._memory = calls.MemoryWatch(config["memory"])
        self._spool = output.Spool()
        self._decoder = frames.Decoder()
        self._poll = pollset.PollSet()
        self._watch = watch.ArtifactWatch(self._poll, config["artifact_limit"])
        self._proxy_port = config["proxy_port"]
        self._egress = None
        self._arrivals = arrivals.Arrivals()
        self._calls = {}
        self._by_keeper = {}
        self._terminations = {}
        self._watch_until = 0.0

    def run(self):
        self._ends = system.signal_descriptor(signal.SIGCHLD)
        # Process 1 is deaf to signals that it has no handler for, so that code in the sandbox cannot end it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._poll.on(self._ends, select.EPOLLIN, lambda events: self._reap())
        self._read_channel_if(True)
        self._send(frames.json_frame(frames.HELLO, 0, {"protocol": PROTOCOL, **system.description(shells.SHELL)}))
        self._pool.prepare()
        if self._proxy_port:
            self._egress = egress.Egress(self._poll, self._send, self._proxy_port)
        while True:
            if not self._poll.wait(self._seconds_to_wait()) and self._pool.wants_preparation:
                self._pool.prepare()
                # So that it is there before the first call, which would wait for it to be started.
                self._poke_surveyor()
            self._begin_calls()
            if self._egress:
                self._egress.look_at_clock()
            if self._calls or self._watch_until or self._pool.has_background:
                self._look_at_clock()
            if self._watch.seconds_to_wait() == 0:
                self._send(self._watch.look())

    # The channel

    def _read_channel(self):
        data = os.read(self._in, _CHANNEL_READ)
        if not data:
            # The server is gone, or wants us gone: with process 1 everything here ends.
            os._exit(0)
        for kind, number, payload in self._decoder.feed(data):
            self._take_frame(kind, number, payload)

    def _take_frame(self, kind, number, payload):
        if number & frames.GUEST_CALL:
            self._egress.take(kind, number, payload)
        elif kind == frames.CALL:
            request = frames.json_value(payload)
            self._arrivals.add(arrivals.Arrival(number, request["method"], request["params"]))
            self._begin_calls()
        elif kind == frames.CANCEL:
            if number in self._calls:
                self._stop(self._calls[number])
            elif self._arrivals.drop(number):
                self._send(calls.failure(number, "ended", "Given up before it began."))
        elif kind == frames.DATA:
            call = self._calls.get(number) or self._arrivals.get(number)
            if call:
                call.input += memoryview(payload)[1:]
                self._write_input(call)
        elif kind not in (frames.END, frames.RESULT, frames.FAILURE):
            raise ValueError(f"a frame of kind {kind}")

    def _send(self, data):
        if data:
            frames.write_all(self._out, data)

    # Calls

    def _begin_calls(self):
        """Has the calls begin that wait for a keeper, as far as there is one or is to be one more."""
        while self._arrivals:
            newest = 0.0 if self._pool.has_idle else max((call.began for call in self._calls.values()), default=0.0)
            arrival = self._arrivals.take(self._pool.has_idle, newest)
            if not arrival:
                break
            self._begin(arrival)

    def _begin(self, arrival):
        number, method, params = arrival.number, arrival.method, arrival.params
        is_full = self._surveyor is not None and self._surveyor.is_full
        if is_full and method == "write_file":
            self._send(calls.failure(number, "io", quota.note(self._surveyor, "Not written")))
            return
        keeper = self._pool.take() or (self._end_runaway() and self._pool.take())
        if not keeper:
            text = f"The sandbox is at its limit of {self._pids_limit} processes. End some and try again."
            self._send(calls.failure(number, "busy", text))
            return
        if method == "execute":
            call = calls.Command(number, keeper, params, self._spool, self._watch, not is_full)
        else:
            call = calls.FileOperation(number, keeper, method, params)
        call.input += arrival.input
        self._calls[number] = self._by_keeper[keeper.pid] = call
        self._poke_surveyor()
        self._listen(keeper)
        self._write_input(call)
        for descriptor in call.open_outputs:
            self._poll.on(descriptor, select.EPOLLIN, lambda events, at=descriptor: self._read_output(call, at))

    def _write_input(self, call):
        if call.number in self._calls:
            has_more = call.write_input()
            self._listen(call.keeper, select.EPOLLOUT if has_more else 0)
        waiting = self._arrivals.size + sum(len(call.input) for call in self._calls.values())
        self._read_channel_if(waiting <= _INPUT_BOUND)

    def _read_channel_if(self, should_read):
        if should_read:
            self._poll.on(self._in, select.EPOLLIN, lambda events: self._read_channel())
        else:
            self._poll.off(self._in)

    def _listen(self, keeper, more_events=0):
        events = select.EPOLLIN | more_events
        self._poll.on(keeper.socket.fileno(), events, lambda events: self._hear(keeper, events))

    def _hear(self, keeper, events):
        """The keeper reports, or can take more input."""
        call = self._by_keeper.get(keeper.pid)
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
            self._settle(call)
        else:
            # The shell that waited has died: the next command gets a fresh one.
            keeper.drop_shell()

    def _give_back(self, keeper, is_free):
        if not self._pool.give_back(keeper, is_free):
            self._dismiss(keeper)
        elif not is_free:
            self._watch_until = time.monotonic() + _WATCH_SECONDS
            self._pool.prepare()

    def _dismiss(self, keeper):
        if keeper.socket.fileno() >= 0:
            self._poll.off(keeper.socket.fileno())
            keeper.close()

    def _read_output(self, call, descriptor):
        self._send(call.read(descriptor))
        if descriptor not in call.open_outputs:
            self._poll.off(descriptor)
            os.close(descriptor)
            self._settle(call)

    def _settle(self, call):
        """Ends the call if all of it has come."""
        if call.number not in self._calls or call.number in self._terminations or not call.is_over():
            return
        if not (self._surveyor and self._surveyor.is_full and isinstance(call, calls.Command)):
            self._end(call)
        elif call.ended is None:
            # It may have deleted files, on which depends what the next call may do.
            call.ended = time.monotonic()
            call.deadline = call.ended + quota.PATIENCE_SECONDS
            self._surveyor.ask()

    def _end(self, call):
        del self._calls[call.number]
        self._by_keeper.pop(call.keeper.pid, None)
        call.outputs.drop_passed()
        for descriptor in call.open_outputs:
            self._poll.off(descriptor)
        if isinstance(call, calls.Command):
            call.drain()
            call.note += self._memory.note(call.exit_code, call.began)
            if not call.may_write and self._surveyor.is_full:
                call.note += quota.note(self._surveyor, "Nothing could be written")
            if not self._watch.is_told:
                self._watch.wake()
        self._send(call.finish())
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
            if os.read(descriptor, _CHANNEL_READ):
                return
        except BlockingIOError:
            return
        self._poll.off(descriptor)
        os.close(descriptor)

    # Ends

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
                processes.send(pid, signal.SIGCONT)
                continue
            keeper = self._pool.lose(pid)
            if self._surveyor and pid == self._surveyor.pid:
                self._poll.off(self._surveyor.socket.fileno())
                self._surveyor.forget()
            if keeper:
                has_lost = True
                self._mourn(keeper)
        if has_lost:
            for keeper in self._pool.give_up_idle():
                self._dismiss(keeper)
            self._pool.end_strays({self._surveyor.pid} if self._surveyor else set())
            self._pool.prepare()

    def _mourn(self, keeper):
        """A keeper was killed from inside, or unwound a file operation as it was told to."""
        self._dismiss(keeper)
        call = self._by_keeper.get(keeper.pid)
        if call:
            self._terminations.pop(call.number, None)
            call.is_done = call.leaves_nothing = True
            self._settle(call)

    def _stop(self, call):
        """Begins to end all of the call's processes."""
        if call.number in self._terminations or call.is_stopping:
            return
        call.is_stopping = True
        call.deadline = time.monotonic() + _LAST_SECONDS
        if isinstance(call, calls.Command):
            self._terminations[call.number] = processes.Termination(call.keeper.pid)
        else:
            processes.send(call.keeper.pid, signal.SIGTERM)

    def _look_at_clock(self):
        now = time.monotonic()
        self._poke_surveyor()
        for number, termination in list(self._terminations.items()):
            if termination.step():
                del self._terminations[number]
                call = self._calls[number]
                call.deadline = now + _LAST_SECONDS
                self._settle(call)
        for call in list(self._calls.values()):
            self._send(call.take_progress(now))
            if now >= call.deadline and call.number not in self._terminations:
                if call.ended is not None:
                    self._end(call)
                elif call.is_stopping:
                    processes.send(call.keeper.pid, signal.SIGKILL)
                    call.deadline = now + _LAST_SECONDS
                else:
                    call.timed_out = True
                    self._stop(call)
        if self._watch_until:
            if now > self._watch_until:
                self._watch_until = 0.0
            elif (system.process_count() or 0) > self._pids_limit * _FULL:
                self._end_runaway()

    def _seconds_to_wait(self):
        if self._terminations or self._watch_until:
            return processes.TICK_SECONDS
        waits = [max(0.0, call.wake_at() - time.monotonic()) for call in self._calls.values()]
        until_look = self._watch.seconds_to_wait()
        has_work = bool(waits) or self._pool.has_background
        if until_look is not None:
            waits.append(until_look)
        if self._egress and (until_look := self._egress.seconds_to_wait()) is not None:
            waits.append(until_look)
        if self._surveyor and has_work:
            waits.append(quota.POKE_SECONDS)
        if self._arrivals:
            waits.append(self._arrivals.seconds_to_wait())
        if self._pool.wants_preparation:
            waits.append(_REST_SECONDS)
        return min(waits, default=None)

    def _end_runaway(self):
        count = self._pool.end_runaway()
        if count:
            text = f"ended {count} background processes: the sandbox was at its limit of {self._pids_limit}"
            self._send(frames.frame(frames.LOG, 0, text.encode()))
        return count

    # The workspace's limit

    def _poke_surveyor(self):
        if self._surveyor and self._surveyor.poke():
            self._poll.on(self._surveyor.socket.fileno(), select.EPOLLIN, lambda events: self._hear_surveyor())

    def _hear_surveyor(self):
        is_over = self._surveyor.hear()
        for call in list(self._calls.values()):
            if call.ended is not None and call.ended <= self._surveyor.counted_at:
                self._end(call)
            elif is_over and call.ended is None and isinstance(call, calls.Command):
                call.note += quota.note(self._surveyor, "Stopped")
                self._stop(call)
        if is_over:
            self._pool.end_background()


def main(config):
    # What is there now lives as long as the guest: leave it out of collections, whose marks would copy shared pages.
    gc.freeze()
    try:
        Guest(config).run()
    except Exception as error:
        # The engine's CLI passes this on; the server shows it as the reason of the sandbox's end.
        text = f"guest: {type(error).__name__}: {error}"
        os.write(2, text[:1000].encode("utf-8", "replace"))
        os._exit(70)
