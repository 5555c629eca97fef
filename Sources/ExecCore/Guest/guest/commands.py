"""Shell commands: their output, when they are complete, and their results."""

import errno
import fcntl
import math
import os
import struct
import termios
import time

from guest import artifacts, calls, frames, output, progress, shells, workers

_READ_SIZE = 256 * 1024
# After the shell has exited: how long the output must be quiet, the longest wait for that, and how much longer to wait
# on a machine so busy that the writing processes have hardly had any CPU time.
_QUIET_SECONDS = 0.03
_MAX_QUIET_WAIT_SECONDS = 0.25
_MAX_STARVED_SECONDS = 3.0
# How long people may be asked about one command, in all: the server's own limit.
MAX_ASKED_SECONDS = 3600.0
# The exit code that a shell reports for a command killed by SIGKILL (128 + 9).
_KILLED = 137


class Baseline:
    """Baseline of artifacts and memory kills, taken before the command could run."""

    __slots__ = ("artifacts", "kills", "memory", "watcher")

    def __init__(self, watcher, memory):
        self.watcher, self.memory = watcher, memory
        self.artifacts = watcher.current()
        self.kills = memory.kill_count()


class Command(calls.Call):
    """A shell command.

    It ends when its shell has exited and its outputs are quiet, because a process substitution or a script that logs
    through `tee` may still write right after the exit. Only a background job that holds an output open adds that wait.
    """

    __slots__ = (
        "_artifacts",
        "_asking_since",
        "_captures",
        "_is_quiet",
        "_latest",
        "_max_timeout",
        "_memory",
        "_memory_baseline",
        "_progress",
        "_quiet_at",
        "_seconds_asked",
        "_seconds_left",
        "_watcher",
        "may_write",
        "note",
        "shell",
        "start_error",
        "wait_status",
    )

    def start(self, worker, shell, baseline, spool, may_write):
        """Starts the command in `shell`, which has already received it. `baseline` was captured before that."""
        params = self.params
        self.may_write = may_write
        self._watcher, self._memory = baseline.watcher, baseline.memory
        self._artifacts = baseline.artifacts
        self._memory_baseline = self._memory.command_started(baseline.kills)
        self.shell = shell
        self.wait_status = self.start_error = None
        # Once the shell has exited while an output is open: when the output counts as quiet, and the latest time to
        # wait for that.
        self._quiet_at = self._latest = None
        self._is_quiet = False
        self.note = ""
        self._run_on(worker, params["timeout"], shell.outputs)
        self._captures = {
            self.stdout: output.Capture("stdout", params["limit"], spool),
            self.stderr: output.Capture("stderr", params["limit"], spool),
        }
        self._progress = progress.Progress() if params.get("progress") else None
        # While the timeout stands still: how much of it is left.
        self._seconds_left = None
        self._max_timeout = math.inf
        # How long people were asked, and since when one is.
        self._seconds_asked = 0.0
        self._asking_since = None

    def hold_clock(self, level, max_timeout):
        """Stops or continues the timeout.

        At level 1 it stands still until `max_timeout` seconds after the start. At level 2 a person is asked, which does
        not count towards these, within MAX_ASKED_SECONDS of a command.
        """
        now = time.monotonic()
        if self.state != calls.RUNNING:
            return
        if self._asking_since is not None:
            self._seconds_asked = min(self._seconds_asked + now - self._asking_since, MAX_ASKED_SECONDS)
            self._asking_since = None
        self._max_timeout = max_timeout
        last = self.started_at + max_timeout + self._seconds_asked
        if level:
            if self._seconds_left is None:
                self._seconds_left = max(0.0, self.deadline - now)
            if level > 1:
                self._asking_since = now
                last = self.started_at + max_timeout + MAX_ASKED_SECONDS
            self.deadline = last
        elif self._seconds_left is not None:
            self.deadline = min(now + self._seconds_left, last)
            self._seconds_left = None

    def on_timeout(self):
        super().on_timeout()
        if self.deadline >= self.started_at + self._max_timeout + self._seconds_asked:
            self.timeout = self._max_timeout

    def add_output(self, descriptor, data):
        self._captures[descriptor].add(data)
        if self._quiet_at is not None:
            # A process that writes endlessly must not extend the wait beyond `_latest`.
            self._quiet_at = max(min(time.monotonic() + _QUIET_SECONDS, self._latest), self._quiet_at)
        if self._progress is None:
            return b""
        self._progress.add(descriptor, data)
        return self.progress_frames(time.monotonic())

    def next_check(self):
        at = self.deadline
        if self._quiet_at is not None:
            at = min(at, self._quiet_at)
        due = self._progress.due() if self._progress else None
        return at if due is None else min(at, due)

    def progress_frames(self, now):
        line = self._progress.line_if_due(now) if self._progress else b""
        return frames.frame(frames.PROGRESS, self.number, line) if line else b""

    def handle_report(self, kind, number, serial, is_tree_empty):
        if kind == workers.DRAINED:
            self.is_tree_empty = True
        # A report with another serial is stale: it concerns an earlier shell that has died while prewarmed.
        elif serial == self.shell.serial:
            self.is_done = True
            self.is_tree_empty = is_tree_empty
            if kind == workers.EXITED:
                self.wait_status = number
            else:
                self.start_error = number
            if not is_tree_empty:
                if self.state == calls.RUNNING:
                    self.enter(calls.DRAINING)
                now = time.monotonic()
                self._quiet_at, self._latest = now + _QUIET_SECONDS, now + _MAX_QUIET_WAIT_SECONDS

    def is_complete(self):
        return self.is_done and (self.is_tree_empty or not self.open_outputs or self._is_quiet)

    def check_quiet(self, now, is_running):
        """Stops waiting for output once it has been quiet long enough. Returns whether it has just done so.

        `is_running(is_starved)` returns whether a process that the command left is runnable or, with `is_starved`, is
        runnable but has hardly had any CPU time: a process that has not run yet could not write.
        """
        if self._quiet_at is None or self._is_quiet or now < self._quiet_at:
            return False
        is_late = now >= self._latest
        if now < self._latest + _MAX_STARVED_SECONDS and is_running(is_late):
            self._quiet_at = now + _QUIET_SECONDS
            return False
        self.stop_waiting()
        return True

    def stop_waiting(self):
        """Stops waiting for output beyond what the pipes hold now."""
        self._is_quiet = True
        self._quiet_at = None

    def drain(self):
        """Reads only what the pipes hold now, because a background job may keep writing forever."""
        for descriptor in list(self.open_outputs):
            waiting = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0"))[0]
            try:
                # One extra read detects whether any process still holds the write end.
                while waiting >= 0 and descriptor in self.open_outputs:
                    data = os.read(descriptor, _READ_SIZE)
                    waiting -= len(data) or 1
                    if data:
                        self.add_output(descriptor, data)
                    else:
                        self.open_outputs.discard(descriptor)
                        os.close(descriptor)
            except BlockingIOError:
                continue

    @property
    def exit_code(self):
        # A worker that was killed never reported a status; its command was killed too.
        return _KILLED if self.wait_status is None else workers.exit_code(self.wait_status)

    def add_memory_note(self, is_last=False):
        """Adds a note to the result if memory ran out. `is_last`: nothing else is running."""
        self.note += self._memory.command_ended(self._memory_baseline, self.exit_code, is_last and self.is_tree_empty)

    def final_frames(self):
        stdout, stderr = self._captures.values()
        if self.start_error is not None:
            return calls.failure(self.number, "busy", _start_failure(self.start_error))
        result = {"exit_code": self.exit_code}
        if stdout.truncated or stderr.truncated:
            result["truncated"] = True
        now, limit = self._watcher.current(), self._watcher.size_limit
        changed = artifacts.changed(self._artifacts, now, limit)
        if changed:
            result["artifacts"] = changed
        self.note += artifacts.note_of_too_large(self._artifacts, now, limit)
        text, errors = stdout.finish(), stderr.finish()
        rests = [stdout.rest(), stderr.rest()]
        if any(rests):
            result["streams"] = rests
        if self.timed_out:
            result["exit_code"] = -1
            result["timed_out"] = True
            self.note += f"Command timed out after {calls.format_seconds(self.timeout)} seconds"
        if self.note:
            errors += (b"\n" if errors and not errors.endswith(b"\n") else b"") + self.note.encode()
        return (
            frames.data_frames(self.number, frames.STDOUT, text)
            + frames.data_frames(self.number, frames.STDERR, errors)
            + frames.frame(frames.RESULT, self.number, _encode_result(result))
        )


def _start_failure(number):
    if number == errno.EAGAIN:
        return "The sandbox is at its limit of processes: bash could not be started. End some and try again."
    return f"{shells.SHELL} could not be started in {workers.WORKSPACE}: {os.strerror(number)}."


def _encode_result(result):
    if len(result) == 1:
        # Fast path: most results hold only the exit code, and the JSON encoder takes as long as everything else at the
        # end of a short command.
        return b'{"exit_code":%d}' % result["exit_code"]
    return frames.encode(result)
