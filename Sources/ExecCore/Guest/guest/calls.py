"""The calls in progress: a command with its captured outputs, or a file operation."""

import errno
import fcntl
import json
import os
import struct
import termios
import time

from guest import artifacts, frames, keepers, output, progress, shells

_READ_SIZE = 256 * 1024
# How long an output has to be quiet after the shell's end, for how long it is waited for at most, and for how long on a
# machine so busy that what is to write has hardly had the processor.
_QUIET_SECONDS = 0.03
_MOST_SECONDS = 0.25
_MOST_STARVED_SECONDS = 3.0
# What a shell says of a command that SIGKILL has ended.
_KILLED = 137


class Call:
    """One call, the keeper that does it, and our ends of its two outputs."""

    def __init__(self, number, keeper, timeout, outputs):
        self.number = number
        self.keeper = keeper
        self.timeout = timeout
        self.began = time.monotonic()
        self.deadline = self.began + timeout
        # What goes to the keeper; the writing ends of the outputs go with its first piece.
        self.input = bytearray()
        self.timed_out = False
        # Whether the keeper was told to end it.
        self.is_stopping = False
        # Since when its end waits for a count of the workspace.
        self.ended = None
        # What the keeper reported: one that died reported nothing.
        self.is_done = False
        self.wait_status = None
        self.start_error = None
        self.leaves_nothing = True
        self.outputs = outputs
        self.stdout, self.stderr = outputs.stdout, outputs.stderr
        self.open_outputs = {self.stdout, self.stderr}

    def write_input(self):
        """Sends the keeper what it takes. Returns whether anything is left.

        Raises `OSError` if the outputs cannot be handed over.
        """
        try:
            if self.input:
                del self.input[: self.keeper.send(self.input, self.outputs.passed)]
                self.outputs.drop_passed()
        except BlockingIOError:
            pass
        except ConnectionError:
            # The keeper is dead, which its end shows.
            self.input.clear()
        return bool(self.input)

    def read(self, descriptor):
        """Takes what was written to an output. Returns frames to send on."""
        try:
            data = os.read(descriptor, _READ_SIZE)
        except BlockingIOError:
            return b""
        if not data:
            self.open_outputs.discard(descriptor)
            return b""
        return self.take(descriptor, data)

    def wake_at(self):
        """When the call wants to be looked at again."""
        return self.deadline

    def take_progress(self, now):
        """Frames that tell how far it is."""
        return b""

    def look_for_quiet(self, now, at_work):
        """Whether more output was waited for, and is no longer."""
        return False

    def take(self, descriptor, data):
        raise NotImplementedError

    def hear(self, kind, number, serial, is_free):
        """Takes a report of the keeper."""
        raise NotImplementedError

    def finish(self):
        """The call's last frames."""
        raise NotImplementedError


class Before:
    """What there was before a command could do anything."""

    __slots__ = ("artifacts", "kills", "memory", "watch")

    def __init__(self, watch, memory):
        self.watch, self.memory = watch, memory
        self.artifacts = watch.current()
        self.kills = memory.look()


class Command(Call):
    """A shell command.

    It ends when its shell has ended and its outputs are quiet: what a process substitution or a script that logs
    through `tee` still has to say comes just after. A background job that holds an output costs that moment; one that
    does not costs nothing.
    """

    def __init__(self, number, keeper, params, shell, before, spool, may_write):
        """`shell` has got the command; `before` was made when it had not."""
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
        # While the shell has ended and an output is open: when it is quiet, and when that is waited for no longer.
        self._quiet_at = self._latest = None
        self._is_quiet = False
        self.note = ""

    def take(self, descriptor, data):
        self._captures[descriptor].add(data)
        if self._quiet_at is not None:
            # What writes without end is not waited for.
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
        # A report about another shell is an old one: the shell that waited has died.
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
        """Whether its shell has ended and has left something, which may still have something to say."""
        return self.is_done and not self.leaves_nothing

    def is_over(self):
        return self.is_done and (self.leaves_nothing or not self.open_outputs or self._is_quiet)

    def look_for_quiet(self, now, at_work):
        """Decides, once an output has been quiet long enough, that no more is waited for.

        `at_work(is_starved)` says whether something that the command left wants the processor, or wants it and has
        hardly had it: what has not run yet has not been able to write.
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
        """No more is waited for than what is there."""
        self._is_quiet = True
        self._quiet_at = None

    def drain(self):
        """Takes what is in the pipes now, and no more: a background job may go on writing for ever."""
        for descriptor in list(self.open_outputs):
            waiting = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0"))[0]
            try:
                # One read more than that tells whether anyone still holds the other end.
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
        # A keeper that was killed took its command with it.
        return _KILLED if self.wait_status is None else keepers.exit_code(self.wait_status)

    def note_memory(self, is_last=False):
        """Has the result say if memory ran out. `is_last`: nothing else runs."""
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
    """A file operation: the answer's body comes on standard output, its outcome on standard error."""

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
            # The shell that waits beside it has died.
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
        # Most results are no more than that, and the encoder takes as long as the rest of a short command's end.
        return b'{"exit_code":%d}' % result["exit_code"]
    return frames.encode(result)


def _number(seconds):
    return f"{seconds:g}"


def failure(number, code, message):
    return frames.json_frame(frames.FAILURE, number, {"code": code, "message": message})
