"""Calls: the states that a call goes through, and what commands and file operations have in common."""

import enum
import os
import time

from guest import frames

_READ_SIZE = 256 * 1024


class CallState(enum.IntEnum):
    """The state of a call. Every transition goes through `Call.enter`, which rejects those that `_SUCCESSORS` lacks."""

    QUEUED = 0  # waits for a worker
    RUNNING = 1  # its worker runs it
    DRAINING = 2  # its shell has exited; more output of the processes that it left may follow
    STOPPING = 3  # its processes are being ended
    COUNTING = 4  # it is complete, but its result waits for a count of the workspace
    FINISHED = 5  # its result or failure is sent


QUEUED, RUNNING, DRAINING, STOPPING, COUNTING, FINISHED = CallState

_SUCCESSORS = {
    QUEUED: (RUNNING, FINISHED),
    RUNNING: (DRAINING, STOPPING, COUNTING, FINISHED),
    DRAINING: (STOPPING, COUNTING, FINISHED),
    STOPPING: (COUNTING, FINISHED),
    COUNTING: (FINISHED,),
    FINISHED: (),
}


class Call:
    """One call. Once it has started, it has a worker that runs it, and the read ends of its two outputs."""

    # Python stores more than 30 attributes of an object in a slower way, unless they are slots.
    __slots__ = (
        "completed_at",
        "deadline",
        "input",
        "is_done",
        "is_tree_empty",
        "method",
        "number",
        "open_outputs",
        "outputs",
        "params",
        "started_at",
        "state",
        "stderr",
        "stdout",
        "timed_out",
        "timeout",
        "tries",
        "was_stopped",
        "worker",
    )

    def __init__(self, number, method, params):
        self.number = number
        self.method = method
        self.params = params
        self.state = QUEUED
        # How often it could not start because there was no room for its process.
        self.tries = 0
        # Bytes to send to the worker. The write ends of the outputs are passed along with the first of them.
        self.input = bytearray()
        self.timed_out = False
        # Whether its processes were ended by force.
        self.was_stopped = False
        # What the worker has reported. A worker that was killed reports nothing, which leaves the defaults.
        self.is_done = False
        self.is_tree_empty = True

    def enter(self, state):
        """Changes the state. Raises `RuntimeError` if the transition isn't allowed."""
        if state not in _SUCCESSORS[self.state]:
            raise RuntimeError(f"a call cannot go from {self.state.name} to {state.name}")
        self.state = state

    def _run_on(self, worker, timeout, outputs):
        """Records that the call runs on a worker. `timeout` in seconds; `outputs`: the pipes to which it writes."""
        self.worker = worker
        # No longer needed, and possibly large.
        self.params = None
        self.timeout = timeout
        self.started_at = time.monotonic()
        self.deadline = self.started_at + timeout
        self.outputs = outputs
        self.stdout, self.stderr = outputs.stdout, outputs.stderr
        self.open_outputs = {self.stdout, self.stderr}
        self.enter(RUNNING)

    def mark_stopped(self):
        """Records that its processes are being ended. A call whose result waits for a count goes on waiting."""
        self.was_stopped = True
        if self.state in (RUNNING, DRAINING):
            self.enter(STOPPING)

    def on_timeout(self):
        """Records that its time is over."""
        self.timed_out = True

    def await_count(self, seconds):
        """Records that the call is complete and waits for a count, but for at most this long."""
        self.completed_at = time.monotonic()
        self.deadline = self.completed_at + seconds
        self.enter(COUNTING)

    def on_worker_exit(self):
        """Records that the worker is gone, and with it everything that the call has started."""
        self.is_done = self.is_tree_empty = True

    def write_input(self):
        """Sends the worker as much input as its socket accepts. Returns whether any is left.

        Raises `OSError` if the output descriptors cannot be passed.
        """
        try:
            if self.input:
                del self.input[: self.worker.send(self.input, self.outputs.write_ends)]
                self.outputs.close_write_ends()
        except BlockingIOError:
            pass
        except ConnectionError:
            # The worker is dead; SIGCHLD reports that.
            self.input.clear()
        return bool(self.input)

    def read(self, descriptor):
        """Reads from an output. Returns frames to forward to the server."""
        try:
            data = os.read(descriptor, _READ_SIZE)
        except BlockingIOError:
            return b""
        if not data:
            self.open_outputs.discard(descriptor)
            return b""
        return self.add_output(descriptor, data)

    def next_check(self):
        """Returns when the call has to be checked again."""
        return self.deadline

    def progress_frames(self, now):
        """Returns progress frames that are due; empty if none."""
        return b""

    def check_quiet(self, now, is_running):
        """Returns whether the call has just stopped waiting for more output."""
        return False

    def is_complete(self):
        """Returns whether nothing of the call is awaited any more."""
        raise NotImplementedError

    def add_output(self, descriptor, data):
        """Handles output. Returns frames to forward to the server."""
        raise NotImplementedError

    def handle_report(self, kind, number, serial, is_tree_empty):
        """Handles a report of the worker."""
        raise NotImplementedError

    def final_frames(self):
        """Returns the call's final frames."""
        raise NotImplementedError


def failure(number, code, message):
    """Returns the frame that ends a call with an error."""
    return frames.json_frame(frames.FAILURE, number, {"code": code, "message": message})


def error_frame(number, error):
    """Returns the frame that ends a call which failed unexpectedly or for lack of descriptors."""
    if isinstance(error, OSError):
        text = f"The sandbox has no room for another call: {error.strerror}. End some processes and try again."
        return failure(number, "busy", text)
    return failure(number, "ended", "The call failed inside the sandbox. Try again.")


def format_seconds(seconds):
    """Returns a time limit for a message."""
    return f"{seconds:g}"
