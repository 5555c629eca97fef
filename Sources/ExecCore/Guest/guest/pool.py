"""The worker pool of a sandbox: idle workers for the next calls, workers that still hold background jobs, and workers
whose leftover processes are being ended.
"""

import signal

from guest import confinement, disk_monitor, processes, workers

_MAX_IDLE = 8
# The number of idle workers to keep, each with a prewarmed shell: for calls that arrive together or in quick
# succession.
_TARGET_IDLE = 6
# The same if the process limit is low.
_TARGET_IDLE_FEW_PIDS = 2
_FEW_PIDS = 128
# With fewer prewarmed shells than this, one is started at once, although it competes for CPU time with a call that may
# be about to arrive.
_MIN_PREWARMED = 2
# Shells are prewarmed after the event loop has been idle for this long, so that prewarming doesn't compete with a call
# that follows right after the last one.
_IDLE_SECONDS = 0.003


class WorkerPool:
    def __init__(self, oom_score, pids_limit, workspace_limit):
        self._oom_score = oom_score
        # Called with each new worker.
        self.on_started = lambda worker: None
        self._workspace_limit = workspace_limit
        self._pids_limit = pids_limit
        self._target_idle = _TARGET_IDLE if pids_limit >= _FEW_PIDS else _TARGET_IDLE_FEW_PIDS
        # Remaining attempts to prewarm. Bounded, so that code that keeps ending prewarmed shells can't keep the guest
        # busy.
        self._prewarm_attempts = self._target_idle
        self._is_prewarming = True
        self._workers = {}
        self._idle = []
        self._draining = {}
        self._quarantined = {}

    def acquire(self, strictness=confinement.DEFAULT):
        """Acquires a worker for one call; returns None if the sandbox has no room for another process."""
        if strictness != confinement.DEFAULT:
            return self._start(strictness)
        if not self._idle:
            self._add()
        # Prefer the worker that has been idle longest: its prewarmed shell has had time to load.
        found = next((worker for worker in self._idle if worker.prewarmed), self._idle[0] if self._idle else None)
        if found:
            self._idle.remove(found)
        return found

    def start_for_program(self):
        """Starts a worker for a program that isn't part of a command. It counts as one with a background job. Returns
        None if the sandbox has no room for another process.
        """
        worker = self._start(confinement.DEFAULT)
        if worker:
            self._draining[worker.pid] = worker
        return worker

    @property
    def has_idle(self):
        """Whether a call can get a worker without starting one."""
        return bool(self._idle)

    @property
    def has_background(self):
        """Whether background jobs of earlier commands are still running."""
        return bool(self._draining)

    def prewarm(self):
        """Prepares one more idle worker with a prewarmed shell."""
        self._prewarm_attempts -= 1
        cold = next((worker for worker in self._idle if not worker.prewarmed), None)
        is_done = self._prewarm_shell(cold) if cold else len(self._idle) < self._target_idle and self._add()
        if not is_done:
            self._prewarm_attempts = 0

    @property
    def needs_prewarming(self):
        """Whether `prewarm` is to be called as soon as the event loop is idle."""
        return self._prewarm_attempts > 0 and self._is_prewarming

    def seconds_to_wait(self):
        """Returns how long the event loop is to wait for events before `prewarm` is called; None if it isn't due."""
        return _IDLE_SECONDS if self.needs_prewarming else None

    def _add(self):
        """Starts another idle worker. Returns whether there was room for its process."""
        worker = self._start(confinement.DEFAULT)
        if not worker:
            return False
        self._idle.append(worker)
        self._prewarm_shell(worker)
        return True

    def _prewarm_shell(self, worker):
        """Prewarms a shell if descriptors are available. Returns whether the worker has one."""
        try:
            return self._is_prewarming and worker.prewarm_shell()
        except OSError:
            return False

    def _start(self, strictness):
        def confine():
            confinement.confine(strictness, self._workspace_limit + disk_monitor.FALLBACK_MARGIN)

        try:
            is_reusable = strictness == confinement.DEFAULT
            worker = workers.Worker(self._oom_score, confine if self._workspace_limit else None, is_reusable)
        except OSError:
            return None
        self._workers[worker.pid] = worker
        self.on_started(worker)
        return worker

    def set_prewarming(self, is_enabled):
        """Turns prewarming on or off. Off while writing is forbidden: otherwise code could make a prewarmed shell,
        which started without that restriction, write for it.
        """
        if is_enabled != self._is_prewarming:
            self._is_prewarming = is_enabled
            self._prewarm_attempts = self._target_idle if is_enabled else 0
            for worker in self._idle:
                worker.discard_shell()

    @property
    def pids(self):
        """The process ids of all workers."""
        return self._workers.keys()

    @property
    def draining(self):
        """The process ids of the workers with background jobs."""
        return self._draining.keys()

    def is_out_of_use(self, worker):
        """Whether the worker is out of use until nothing is left below it."""
        return worker.pid in self._draining or worker.pid in self._quarantined

    def quarantine(self, worker):
        """Takes a suspect worker out of use until nothing is left below it."""
        worker.discard_shell()
        if worker in self._idle:
            self._idle.remove(worker)
        if worker.pid in self._workers and worker.pid not in self._draining:
            self._quarantined[worker.pid] = worker

    def quarantine_prewarmed(self):
        """Takes all idle workers with a prewarmed shell out of use. Returns their process ids."""
        prewarmed = [worker for worker in self._idle if worker.prewarmed]
        for worker in prewarmed:
            self.quarantine(worker)
        self._prewarm_attempts = self._target_idle
        return [worker.pid for worker in prewarmed]

    def release(self, worker, is_tree_empty):
        """Releases a worker after its call. Returns whether the pool keeps it; if not, the caller must close it."""
        if worker.pid not in self._workers:
            return False
        self._prewarm_attempts = self._target_idle
        if not is_tree_empty:
            self._draining[worker.pid] = worker
            return True
        self._draining.pop(worker.pid, None)
        self._quarantined.pop(worker.pid, None)
        if len(self._idle) < _MAX_IDLE and worker.is_reusable:
            self._idle.append(worker)
            if sum(1 for idle in self._idle if idle.prewarmed) < _MIN_PREWARMED:
                self._prewarm_shell(worker)
            return True
        del self._workers[worker.pid]
        return False

    def remove(self, pid):
        """Removes a worker that has died. Returns it, or None if `pid` isn't a worker."""
        worker = self._workers.pop(pid, None)
        self._draining.pop(pid, None)
        self._quarantined.pop(pid, None)
        if worker in self._idle:
            self._idle.remove(worker)
        return worker

    def kill_idle(self):
        """Kills all idle workers and returns them: whatever killed another worker may have affected them as well."""
        idle, self._idle = self._idle, []
        self._prewarm_attempts = self._target_idle
        for worker in idle:
            del self._workers[worker.pid]
            processes.send_signal(worker.pid, signal.SIGKILL)
        return idle

    def find_runaway(self, excluded, is_room_needed):
        """Returns the process id of the worker whose command left the most background processes, and their number.

        A fork bomb whose shell has exited is such a command. Returns None and 0 if no command left at least a quarter
        of the process limit or, with `is_room_needed`, at least one. Ignores the workers in `excluded`. Raises
        `OSError` if no descriptor is available to read /proc.
        """
        parents = processes.Table().parents
        counts = {pid: len(processes.descendants(parents, {pid})) for pid in self._draining if pid not in excluded}
        worst = max(counts, key=counts.get, default=None)
        # If even the largest is small, commands in progress take the room, and their timeouts end them.
        minimum = 1 if is_room_needed else self._pids_limit / 4
        return (worst, counts[worst]) if worst is not None and counts[worst] >= minimum else (None, 0)
