"""The state of a call in progress: a command with its captured output, or a file operation."""

import errno
import fcntl
import json
import os
import struct
import termios
import time

from guest import artifacts, frames, keepers, output, progress, shells

_READ_SIZE = 256 * 1024
# After the shell has exited: how long the output must be quiet, the longest wait for that, and how much longer to wait
# on a machine so busy that the writing processes have hardly had any CPU time.
_QUIET_SECONDS = 0.03
_MOST_SECONDS = 0.25
_MOST_STARVED_SECONDS = 3.0
# The exit code that a shell reports for a command killed by SIGKILL (128 + 9).
_KILLED = 137


class Call:
    """One call, the keeper that runs it, and the read ends of its two outputs."""

    def __init__(self, number, keeper, timeout, outputs):
        self.number = number
        self.keeper = keeper
        self.timeout = timeout
        self.began = time.monotonic()
        self.deadline = self.began + timeout
        # Bytes to send to the keeper. The write ends of the outputs are passed along with the first of them.
        self.input = bytearray()
        self.timed_out = False
        # Whether its processes are being ended.
        self.is_stopping = False
        # When it ended and started to wait for a count of the workspace; None if it doesn't wait.
        self.ended = None
        # What the keeper has reported. A keeper that was killed reports nothing, which leaves the defaults.
        self.is_done = False
        self.wait_status = None
        self.start_error = None
        self.leaves_nothing = True
        self.outputs = outputs
        self.stdout, self.stderr = outputs.stdout, outputs.stderr
        self.open_outputs = {self.stdout, self.stderr}

    def write_input(self):
        """Sends the keeper as much input as its socket accepts. Returns whether any is left.

        Raises `OSError` if the output descriptors cannot be passed.
        """
        try:
            if self.input:
                del self.input[: self.keeper.send(self.input, self.outputs.passed)]
                self.outputs.drop_passed()
        except BlockingIOError:
            pass
        except ConnectionError:
            # The keeper is dead; SIGCHLD reports that.
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
        return self.take(descriptor, data)

    def wake_at(self):
        """Returns when the call has to be checked again."""
        return self.deadline

    def take_progress(self, now):
        """Returns progress frames that are due; empty if none."""
        return b""

    def look_for_quiet(self, now, at_work):
        """Returns whether the call has just stopped waiting for more output."""
        return False

    def take(self, descriptor, data):
        raise NotImplementedError

    def hear(self, kind, number, serial, is_free):
        """Handles a report of the keeper."""
        raise NotImplementedError

    def finish(self):
        """Returns the call's final frames."""
        raise NotImplementedError


class Before:
    """Baseline of artifacts and memory kills, taken before the command could run."""

    __slots__ = ("artifacts", "kills", "memory", "watch")

    def __init__(self, watch, memory):
        self.watch, self.memory = watch, memory
        self.artifacts = watch.current()
        self.kills = memory.look()


class Command(Call):
    """A shell command.

    It ends when its shell has exited and its outputs are quiet, because a process substitution or a script that logs
    through `tee` may still write right after the exit. Only a background job that holds an output open adds that wait.
    """

    def __init__(self, number, keeper, params, shell, before, spool, may_write):
        """`shell` has already received the command; `before` was captured earlier."""
        self.may_write = may_write
        self._watch, self._memory = before.watch, before.memory
        self._artifacts = before.artifacts
        self._began_with = self._memory.begin(before.kills)
        super().__init__(number, keeper, params["timeout"], shell.outputs)
        self.shell = shell
        self._captures = {
            self.stdout: output.Capture("stdout", params["limit"], spool),
            self.stderr: output.Capture("stderr", params["limit"], spool),
        }
        self._progress = progress.Progress() if params.get("progress") else None
        # Once the shell has exited while an output is open: when the output counts as quiet, and the latest time to
        # wait for that.
        self._quiet_at = self._latest = None
        self._is_quiet = False
        self.note = ""

    def take(self, descriptor, data):
        self._captures[descriptor].add(data)
        if self._quiet_at is not None:
            # A process that writes endlessly must not extend the wait beyond `_latest`.
            self._quiet_at = max(min(time.monotonic() + _QUIET_SECONDS, self._latest), self._quiet_at)
        if self._progress is None:
            return b""
        self._progress.add(descriptor, data)
        return self.take_progress(time.monotonic())

    def wake_at(self):
        at = self.deadline
        if self._quiet_at is not None:
            at = min(at, self._quiet_at)
        due = self._progress.due() if self._progress else None
        return at if due is None else min(at, due)

    def take_progress(self, now):
        line = self._progress.take(now) if self._progress else b""
        return frames.frame(frames.PROGRESS, self.number, line) if line else b""

    def hear(self, kind, number, serial, is_free):
        if kind == keepers.FREE:
            self.leaves_nothing = True
        # A report with another serial is stale: it concerns an earlier shell that has died while prewarmed.
        elif serial == self.shell.serial:
            self.is_done = True
            self.leaves_nothing = is_free
            if kind == keepers.EXITED:
                self.wait_status = number
            else:
                self.start_error = number
            if not is_free:
                now = time.monotonic()
                self._quiet_at, self._latest = now + _QUIET_SECONDS, now + _MOST_SECONDS

    @property
    def has_left_shell(self):
        """Whether its shell has exited and left processes that may still write output."""
        return self.is_done and not self.leaves_nothing

    def is_over(self):
        return self.is_done and (self.leaves_nothing or not self.open_outputs or self._is_quiet)

    def look_for_quiet(self, now, at_work):
        """Stops waiting for output once it has been quiet long enough. Returns whether it has just done so.

        `at_work(is_starved)` returns whether a process that the command left is runnable or, with `is_starved`, is
        runnable but has hardly had any CPU time: a process that has not run yet could not write.
        """
        if self._quiet_at is None or self._is_quiet or now < self._quiet_at:
            return False
        is_late = now >= self._latest
        if now < self._latest + _MOST_STARVED_SECONDS and at_work(is_late):
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
                        self.take(descriptor, data)
                    else:
                        self.open_outputs.discard(descriptor)
                        os.close(descriptor)
            except BlockingIOError:
                continue

    @property
    def exit_code(self):
        # A keeper that was killed never reported a status; its command was killed too.
        return _KILLED if self.wait_status is None else keepers.exit_code(self.wait_status)

    def note_memory(self, is_last=False):
        """Adds a note to the result if memory ran out. `is_last`: nothing else is running."""
        self.note += self._memory.end(self._began_with, self.exit_code, is_last and self.leaves_nothing)

    def finish(self):
        stdout, stderr = self._captures.values()
        if self.start_error is not None:
            return failure(self.number, "busy", _why_not_started(self.start_error))
        result = {"exit_code": self.exit_code}
        if stdout.truncated or stderr.truncated:
            result["truncated"] = True
        now, limit = self._watch.current(), self._watch.size_limit
        changed = artifacts.changed(self._artifacts, now, limit)
        if changed:
            result["artifacts"] = changed
        self.note += artifacts.note_of_too_large(self._artifacts, now, limit)
        errors = stderr.finish()
        if self.timed_out:
            result["exit_code"] = -1
            result["timed_out"] = True
            self.note += f"Command timed out after {_number(self.timeout)} seconds"
        if self.note:
            errors += (b"\n" if errors and not errors.endswith(b"\n") else b"") + self.note.encode()
        return (
            frames.data_frames(self.number, frames.STDOUT, stdout.finish())
            + frames.data_frames(self.number, frames.STDERR, errors)
            + frames.frame(frames.RESULT, self.number, _encoded(result))
        )


class FileOperation(Call):
    """A file operation. The keeper writes the response body to standard output and the outcome to standard error."""

    def __init__(self, number, keeper, method, params):
        super().__init__(number, keeper, params["timeout"], shells.Outputs())
        self.input += keepers.encode_task({"method": method, "params": params})
        self._outcome = bytearray()

    def take(self, descriptor, data):
        if descriptor == self.stdout:
            return frames.data_frames(self.number, frames.STDOUT, data)
        self._outcome += data
        return b""

    def hear(self, kind, number, serial, is_free):
        if kind == keepers.DONE:
            self.is_done = True
        else:
            # The keeper's prewarmed shell has died.
            self.keeper.drop_shell()
            self.leaves_nothing = is_free

    def is_over(self):
        return self.is_done and not self.open_outputs

    def drain(self):
        pass

    def finish(self):
        if self.timed_out:
            return failure(self.number, "timed_out", f"Not done within {_number(self.timeout)} seconds.")
        try:
            outcome = json.loads(self._outcome)
            if "result" in outcome:
                return frames.json_frame(frames.RESULT, self.number, outcome["result"])
            return frames.json_frame(frames.FAILURE, self.number, outcome["failure"])
        except (ValueError, KeyError, TypeError):
            return failure(self.number, "ended", "The file operation was ended from inside the sandbox. Try again.")


def _why_not_started(number):
    if number == errno.EAGAIN:
        return "The sandbox is at its limit of processes: bash could not be started. End some and try again."
    return f"{shells.SHELL} could not be started in {keepers.WORKSPACE}: {os.strerror(number)}."


def _encoded(result):
    if len(result) == 1:
        # Fast path: most results hold only the exit code, and the JSON encoder takes as long as everything else at the
        # end of a short command.
        return b'{"exit_code":%d}' % result["exit_code"]
    return frames.encode(result)


def _number(seconds):
    return f"{seconds:g}"


def failure(number, code, message):
    return frames.json_frame(frames.FAILURE, number, {"code": code, "message": message})
