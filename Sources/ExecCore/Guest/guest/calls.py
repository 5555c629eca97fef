"""The calls in progress: a command with its captured outputs, or a file operation."""

import errno
import fcntl
import json
import os
import struct
import termios
import time

from guest import artifacts, frames, keepers, output, progress, shells, system

_READ_SIZE = 256 * 1024
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
        """Sends the keeper what it takes. Returns whether anything is left."""
        try:
            if self.input:
                del self.input[: self.keeper.send(self.input, self.outputs.passed)]
                self.outputs.drop_passed()
        except BlockingIOError:
            pass
        except OSError:
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

    def take(self, descriptor, data):
        raise NotImplementedError

    def hear(self, kind, number, serial, is_free):
        """Takes a report of the keeper."""
        raise NotImplementedError

    def finish(self):
        """The call's last frames."""
        raise NotImplementedError


class Command(Call):
    """A shell command: ends when its shell does, with what is in its pipes by then."""

    def __init__(self, number, keeper, params, spool, watch, may_write):
        self.may_write = may_write
        # Before the command can do anything.
        self._watch = watch
        self._artifacts = watch.current()
        text = params["command"] if may_write else shells.NO_WRITING + params["command"]
        command = text.encode()
        shell = keeper.take_shell()
        if shell and (len(command) > shells.LONGEST_COMMAND or not shell.run(command)):
            shell.close()
            shell = None
        super().__init__(number, keeper, params["timeout"], shell.outputs if shell else shells.Outputs())
        if shell:
            self._serial = shell.serial
        else:
            self._serial = keeper.next_serial()
            self.input += keepers.encode_task({"method": "execute", "command": text})
        self._captures = {
            self.stdout: output.Capture("stdout", params["limit"], spool),
            self.stderr: output.Capture("stderr", params["limit"], spool),
        }
        self._progress = progress.Progress() if params.get("progress") else None
        self.note = ""

    def take(self, descriptor, data):
        self._captures[descriptor].add(data)
        if self._progress is None:
            return b""
        self._progress.add(descriptor, data)
        return self.take_progress(time.monotonic())

    def wake_at(self):
        due = self._progress.due() if self._progress else None
        return self.deadline if due is None else min(due, self.deadline)

    def take_progress(self, now):
        line = self._progress.take(now) if self._progress else b""
        return frames.frame(frames.PROGRESS, self.number, line) if line else b""

    def hear(self, kind, number, serial, is_free):
        # A report about another shell is an old one: the shell that waited has died.
        if serial == self._serial:
            self.is_done = True
            self.leaves_nothing = is_free
            if kind == keepers.EXITED:
                self.wait_status = number
            else:
                self.start_error = number

    def is_over(self):
        return self.is_done

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

    def finish(self):
        stdout, stderr = self._captures.values()
        if self.start_error is not None:
            return failure(self.number, "busy", _why_not_started(self.start_error))
        result = {"exit_code": self.exit_code}
        if stdout.truncated or stderr.truncated:
            result["truncated"] = True
        changed = artifacts.changed(self._artifacts, self._watch.current())
        if changed:
            result["artifacts"] = changed
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
            + frames.json_frame(frames.RESULT, self.number, result)
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


def _number(seconds):
    return f"{seconds:g}"


def failure(number, code, message):
    return frames.json_frame(frames.FAILURE, number, {"code": code, "message": message})


class MemoryWatch:
    """Notices when the memory limit has killed something."""

    def __init__(self, limit):
        self._limit = limit
        self._seen = system.out_of_memory_kills()
        self._noticed = float("-inf")

    def note(self, code, began):
        """A line for the result of a command that failed with `code`; empty unless memory ran out since it `began`."""
        if code == 0 or self._seen is None:
            return ""
        kills = system.out_of_memory_kills()
        if kills is not None and kills > self._seen:
            self._seen = kills
            self._noticed = time.monotonic()
        elif code != _KILLED or began > self._noticed:
            # Of several that were killed at once, the first to end has noticed it for all.
            return ""
        return f"Killed: out of memory (the sandbox's limit is {self._limit}).\n"
