"""The calls in progress, which have a worker, and when they have to be checked next."""

import math


class ActiveCalls(dict):
    """Calls by number. A dictionary, because the event loop asks all the time whether there are any."""

    def __init__(self):
        super().__init__()
        self._by_worker = {}
        # The calls for which a Python session runs, by the session's worker.
        self._lent = {}
        # The earliest time at which a call has to be checked. May belong to a call that has already ended.
        self.check_at = math.inf
        # Called with each call that has ended, before its result is sent.
        self.on_removed = lambda call: None

    def snapshot(self):
        """Returns the calls in a list of its own, because handling a call may end it."""
        return list(self.values())

    def for_worker(self, worker):
        """Returns the call that a worker works on, or None if it has none."""
        return self.for_worker_pid(worker.pid)

    def for_worker_pid(self, pid):
        """Returns the call that the worker with this process id works on, or None."""
        return self._by_worker.get(pid)

    def served_by(self, pid):
        """Returns the call that the worker with this process id works on, or that the Python session below it runs code
        for; None if there is none.
        """
        return self._by_worker.get(pid) or self._lent.get(pid)

    def lend(self, pid, call):
        """Records that the Python session below a worker runs code for a call; None: for none any more."""
        if call:
            self._lent[pid] = call
        else:
            self._lent.pop(pid, None)

    def add(self, call):
        self[call.number] = self._by_worker[call.worker.pid] = call

    def remove(self, call):
        """Removes a call that has ended. Returns whether it was in progress."""
        self._by_worker.pop(call.worker.pid, None)
        if self._lent:
            self._lent = {pid: other for pid, other in self._lent.items() if other is not call}
        if self.pop(call.number, None) is None:
            return False
        self.on_removed(call)
        return True

    @property
    def newest_start(self):
        """When the most recent call started; 0 if there is none."""
        return max((call.started_at for call in self.values()), default=0.0)

    @property
    def buffered_bytes(self):
        """The number of input bytes that wait for workers."""
        return sum(len(call.input) for call in self.values())

    # Timers

    def schedule_check(self, call):
        """Schedules the next check of a call after its `next_check` has changed."""
        self.check_at = min(self.check_at, call.next_check())

    def due(self, now):
        """Returns the calls if a check is due, else none. The caller must pass each to `schedule_check`."""
        if now < self.check_at:
            return ()
        self.check_at = math.inf
        return self.snapshot()
