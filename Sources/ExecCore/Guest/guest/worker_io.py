"""Workers' sockets in the event loop: sends the input of their calls, and handles their reports."""

import select

from guest import workers


class WorkerIO:
    def attach(self, guest):
        self._loop = guest.loop
        self._pool = guest.pool
        self._calls = guest.calls
        self._dispatcher = guest.dispatcher
        self._lifecycle = guest.lifecycle
        self._processes = guest.processes
        guest.pool.on_started = self._watch
        # Called with the reports about programs that aren't part of a command.
        self.on_program = lambda worker, kind, number: None

    def write_input(self, call):
        """Sends a call's input as far as its worker accepts it, now and whenever it accepts more."""
        if self._calls.get(call.number) is call:
            has_more = call.write_input()
            self._watch(call.worker, select.EPOLLOUT if has_more else 0)
        self._dispatcher.apply_backpressure()

    def release(self, worker, is_tree_empty):
        """Gives a worker back to the pool, or closes it if the pool doesn't need it."""
        if not self._pool.release(worker, is_tree_empty):
            self.close(worker)
        elif not is_tree_empty:
            self._processes.watch_for_runaway()
            self._pool.prewarm()

    def close(self, worker):
        """Closes a worker and stops listening to it."""
        if worker.socket.fileno() >= 0:
            self._loop.unregister(worker.socket.fileno())
            worker.close()

    def _watch(self, worker, more_events=0):
        events = select.EPOLLIN | more_events
        self._loop.register(worker.socket.fileno(), events, lambda events: self._on_event(worker, events))

    def _on_event(self, worker, events):
        call = self._calls.for_worker(worker)
        if events & select.EPOLLOUT and call:
            self._lifecycle.guard(call, lambda: self.write_input(call))
        if not events & ~select.EPOLLOUT or worker.socket.fileno() < 0:
            return
        try:
            report = worker.socket.recv(workers.REPORT.size)
        except BlockingIOError:
            return
        except OSError:
            report = b""
        if len(report) < workers.REPORT.size:
            # It is dead or dying; SIGCHLD reports the rest.
            self._loop.unregister(worker.socket.fileno())
            return
        self._on_report(worker, *workers.REPORT.unpack(report))

    def _on_report(self, worker, kind, number, serial, is_tree_empty):
        if kind in (workers.PROGRAM_STARTED, workers.PROGRAM_ENDED):
            self.on_program(worker, kind, number)
            if not is_tree_empty:
                return
        if is_tree_empty and kind != workers.DONE:
            self._processes.on_worker_free(worker)
        call = self._calls.for_worker(worker)
        if call:
            self._lifecycle.guard(call, lambda: self._report(call, kind, number, serial, is_tree_empty))
        elif not is_tree_empty:
            # A prewarmed shell has died and left processes that no command of ours started.
            self._processes.clean_up(worker)
        elif self._pool.is_out_of_use(worker):
            self.release(worker, True)
        else:
            # A prewarmed shell has died: the next command gets a new one.
            worker.discard_shell()

    def _report(self, call, kind, number, serial, is_tree_empty):
        call.handle_report(kind, number, serial, is_tree_empty)
        self._lifecycle.finish_if_complete(call)
