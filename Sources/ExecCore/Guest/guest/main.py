"""The guest: process 1 of a sandbox. Takes calls from the server over its standard input and output, hands each to a
worker, and reaps whatever dies.

One thread and one loop. Nothing in the loop waits for a file, a command or a worker.
"""

import gc
import json
import os
import select
import signal
import sys
import time

from guest import calls, frames, output, processes, system, workers

PROTOCOL = 1

_CHANNEL_READ = 256 * 1024
# More than this not yet taken by workers, and the channel is not read until they have.
_INPUT_BOUND = 64 * 1024 * 1024
_WATCH_SECONDS = 2.0
_FILE_STEP_SECONDS = 2.0


class Guest:
    def __init__(self, config):
        self._pids_limit = config["pids"]
        self._out, self._in = _take_channel()
        self._score = system.OutOfMemoryScore()
        system.make_undumpable()
        self._memory = calls.MemoryWatch(config["memory"])
        self._spool = output.Spool()
        self._decoder = frames.Decoder()
        self._poll = select.epoll()
        self._handlers = {}
        self._calls = {}
        self._by_pid = {}
        self._terminations = {}
        self._spare = None
        self._watch_until = 0.0
        self._reading = True

    def run(self):
        wake_read, wake_write = os.pipe()
        for descriptor in (wake_read, wake_write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, stack: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            # Process 1 has no default for these: without a handler the engine's stop would wait for its kill.
            signal.signal(number, lambda number, stack: os._exit(0))
        self._wake = wake_read
        self._on(wake_read, select.EPOLLIN, self._reap)
        self._on(self._in, select.EPOLLIN, self._read_channel)
        self._send(frames.json_frame(frames.HELLO, 0, self._describe()))
        self._fork_spare()
        while True:
            for descriptor, _ in self._poll.poll(self._seconds_to_wait()):
                handler = self._handlers.get(descriptor)
                if handler:
                    handler()
            self._look_at_clock()

    def _describe(self):
        unwritable = [place for place in ("/workspace", "/artifacts", "/tmp") if not os.access(place, os.W_OK)]
        return {
            "protocol": PROTOCOL,
            "python": ".".join(map(str, sys.version_info[:3])),
            "shell": os.access(workers.SHELL, os.X_OK),
            "unwritable": unwritable,
        }

    # The channel

    def _read_channel(self):
        data = os.read(self._in, _CHANNEL_READ)
        if not data:
            # The server is gone, or wants us gone: with process 1 everything here ends.
            os._exit(0)
        for kind, number, payload in self._decoder.feed(data):
            self._take_frame(kind, number, payload)

    def _take_frame(self, kind, number, payload):
        if kind == frames.CALL:
            self._begin(number, payload)
        elif kind == frames.CANCEL:
            self._cancel(number)
        elif kind in (frames.DATA, frames.END):
            call = self._calls.get(number)
            if call:
                call.input += payload[1:]
                call.input_ended = call.input_ended or kind == frames.END
                self._write_input(call)
        else:
            raise ValueError(f"a frame of kind {kind}")

    def _send(self, data):
        if data:
            frames.write_all(self._out, data)

    def _log(self, text):
        self._send(frames.frame(frames.LOG, 0, text.encode("utf-8", "replace")))

    # Calls

    def _begin(self, number, payload):
        request = json.loads(payload)
        method, params = request["method"], request["params"]
        worker = self._take_worker()
        if worker is None:
            text = f"The sandbox is at its limit of {self._pids_limit} processes. End some and try again."
            self._send(calls.failure(number, "busy", text))
            return
        if method == "execute":
            call = calls.Command(number, worker, params, self._spool)
        else:
            call = calls.FileOperation(number, worker, method, params)
        self._calls[number] = self._by_pid[worker.pid] = call
        call.input += workers.encode_task(call.task)
        call.input_ended = method != "write_file"
        self._write_input(call)
        # While the worker becomes its command on another core.
        self._fork_spare()
        for descriptor in (worker.stdout, worker.stderr):
            self._on(descriptor, select.EPOLLIN, lambda call=call, at=descriptor: self._read_output(call, at))

    def _take_worker(self):
        worker, self._spare = self._spare, None
        if worker is None:
            self._fork_spare()
            worker, self._spare = self._spare, None
        return worker

    def _fork_spare(self):
        if self._spare is not None:
            return
        try:
            self._spare = workers.Worker(self._score)
        except OSError:
            if self._end_runaway():
                try:
                    self._spare = workers.Worker(self._score)
                except OSError:
                    self._spare = None

    def _write_input(self, call):
        worker = call.worker
        if worker.socket is None:
            return
        try:
            if call.input:
                del call.input[: worker.socket.send(call.input)]
        except BlockingIOError:
            pass
        except OSError:
            call.input.clear()
            call.input_ended = True
        if call.input:
            self._on(worker.socket.fileno(), select.EPOLLOUT, lambda: self._write_input(call))
        else:
            self._off(worker.socket.fileno())
            if call.input_ended:
                worker.close_input()
        self._pace_channel()

    def _pace_channel(self):
        waiting = sum(len(call.input) for call in self._calls.values())
        should_read = waiting <= _INPUT_BOUND
        if should_read != self._reading:
            self._reading = should_read
            if should_read:
                self._on(self._in, select.EPOLLIN, self._read_channel)
            else:
                self._off(self._in)

    def _read_output(self, call, descriptor):
        self._send(call.read(descriptor))
        if descriptor not in call.open_outputs:
            self._off(descriptor)
            os.close(descriptor)
            self._settle(call)

    def _settle(self, call):
        """Ends the call if all of it has come."""
        if call.number in self._calls and call.number not in self._terminations and call.is_over():
            self._end(call)

    def _end(self, call):
        del self._calls[call.number]
        self._by_pid.pop(call.worker.pid, None)
        for descriptor in call.open_outputs:
            self._off(descriptor)
        if isinstance(call, calls.Command):
            call.drain()
            call.note = self._memory.note(call.exit_status)
        for descriptor in call.open_outputs:
            self._release(call, descriptor)
        if call.worker.socket is not None:
            self._off(call.worker.socket.fileno())
            call.worker.close_input()
        self._send(call.finish())
        self._pace_channel()

    def _release(self, call, descriptor):
        """Lets go of an output that the call no longer reads.

        A background job may still write to it: its words are thrown away, but the pipe stays, or the next word would
        kill it.
        """
        if isinstance(call, calls.Command) and not call.timed_out and not call.cancelled:
            self._watch_until = time.monotonic() + _WATCH_SECONDS
            self._on(descriptor, select.EPOLLIN, lambda: self._discard(descriptor))
        else:
            os.close(descriptor)

    def _discard(self, descriptor):
        try:
            if os.read(descriptor, _CHANNEL_READ):
                return
        except BlockingIOError:
            return
        self._off(descriptor)
        os.close(descriptor)

    # Ends

    def _reap(self):
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._spare is not None and pid == self._spare.pid:
                self._drop_spare()
            call = self._by_pid.get(pid)
            if call:
                call.exit_status = calls.exit_code(status)
                self._settle(call)

    def _drop_spare(self):
        """The spare was killed from inside: make another."""
        self._spare.close()
        self._spare = None
        self._fork_spare()

    def _cancel(self, number):
        call = self._calls.get(number)
        if call:
            call.cancelled = True
            self._stop(call)

    def _stop(self, call):
        """Begins to end all of the call's processes."""
        if call.number in self._terminations:
            return
        if isinstance(call, calls.Command):
            table = processes.process_table()
            busy = self._busy()
            background = {pid for pid, process in table.items() if process.parent == os.getpid()} - busy
            self._terminations[call.number] = processes.Termination(call.number, call.worker.pid, background, busy)
        else:
            calls.stop_worker(call)
            call.deadline = time.monotonic() + _FILE_STEP_SECONDS

    def _busy(self):
        """The ids of the guest's own children: shells and workers of the calls, and the spare."""
        busy = set(self._by_pid)
        if self._spare is not None:
            busy.add(self._spare.pid)
        return busy

    def _look_at_clock(self):
        now = time.monotonic()
        for number, termination in list(self._terminations.items()):
            call = self._calls[number]
            if termination.step(self._busy() - {termination.shell}):
                if call.exit_status is None:
                    # Beyond a signal's reach: the call ends all the same.
                    call.exit_status = 137
                del self._terminations[number]
                self._settle(call)
        for call in list(self._calls.values()):
            if now >= call.deadline and call.number not in self._terminations:
                self._overdue(call)
        if self._watch_until:
            if now > self._watch_until:
                self._watch_until = 0.0
            elif (system.process_count() or 0) > self._pids_limit * 0.9:
                self._end_runaway()

    def _overdue(self, call):
        if isinstance(call, calls.FileOperation) and (call.timed_out or call.cancelled):
            processes.send(call.worker.pid, signal.SIGKILL)
            call.deadline += _FILE_STEP_SECONDS
            return
        call.timed_out = True
        self._stop(call)

    def _seconds_to_wait(self):
        if self._terminations or self._watch_until:
            return processes.TICK_SECONDS
        if not self._calls:
            return None
        return max(0.0, min(call.deadline for call in self._calls.values()) - time.monotonic())

    def _end_runaway(self):
        """Makes room in a sandbox full of processes: ends what the command with most of them left in the background.

        A fork bomb whose shell has ended is such a one.
        """
        owners = {}

        def background(table):
            busy = self._busy()
            taken = busy | processes.descendants(table, busy)
            return {pid for pid in processes.descendants(table, {os.getpid()}) if pid not in taken}

        for pid in background(processes.process_table()):
            owner = processes.call_of(pid)
            owners[owner] = owners.get(owner, 0) + 1
        if not owners:
            return False
        worst = max(owners, key=owners.get)
        if owners[worst] < self._pids_limit / 4:
            # Not these use the sandbox up, but a command that still runs and has its own timeout.
            return False
        count = processes.kill_all(
            lambda table: {pid for pid in background(table) if processes.call_of(pid) in (worst, None)}
        )
        self._log(f"ended {count} background processes: the sandbox was at its limit of {self._pids_limit}")
        return True

    # The poll set

    def _on(self, descriptor, events, handler):
        if descriptor in self._handlers:
            self._poll.modify(descriptor, events)
        else:
            self._poll.register(descriptor, events)
        self._handlers[descriptor] = handler

    def _off(self, descriptor):
        if self._handlers.pop(descriptor, None):
            self._poll.unregister(descriptor)


def _take_channel():
    """Moves the channel off descriptors 0 and 1, which no child may ever see."""
    channel_out, channel_in = os.dup(1), os.dup(0)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return channel_out, channel_in


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
