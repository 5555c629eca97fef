"""The calls in progress: a command with its captured outputs, or a file operation."""

import fcntl
import json
import os
import signal
import struct
import termios
import time

from guest import frames, output, processes, system

_READ_SIZE = 256 * 1024


class Call:
    """One call and the worker that does it."""

    def __init__(self, number, worker, timeout):
        self.number = number
        self.worker = worker
        self.deadline = time.monotonic() + timeout
        self.timeout = timeout
        self.input = bytearray()
        self.input_ended = False
        self.timed_out = False
        self.cancelled = False
        self.exit_status = None
        self.open_outputs = {worker.stdout, worker.stderr}

    def read(self, descriptor):
        """Takes what the worker wrote. Returns frames to send on."""
        try:
            data = os.read(descriptor, _READ_SIZE)
        except BlockingIOError:
            return b""
        if not data:
            self.open_outputs.discard(descriptor)
            return b""
        return self.take(descriptor, data)

    def take(self, descriptor, data):
        raise NotImplementedError

    def finish(self):
        """The call's last frames."""
        raise NotImplementedError


class Command(Call):
    """A shell command: ends when its shell does, with what is in its pipes by then."""

    def __init__(self, number, worker, params, spool):
        super().__init__(number, worker, params["timeout"])
        self.task = {"method": "execute", "command": params["command"], "call": number}
        self._captures = {
            worker.stdout: output.Capture("stdout", params["limit"], spool),
            worker.stderr: output.Capture("stderr", params["limit"], spool),
        }
        self.note = ""

    def take(self, descriptor, data):
        self._captures[descriptor].add(data)
        return b""

    def is_over(self):
        return self.exit_status is not None

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

    def finish(self):
        stdout, stderr = self._captures.values()
        result = {"exit_code": self.exit_status}
        if stdout.truncated or stderr.truncated:
            result["truncated"] = True
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
    """A file operation: its worker writes the answer's body to standard output, its outcome to standard error."""

    def __init__(self, number, worker, method, params):
        super().__init__(number, worker, params["timeout"])
        self.task = {"method": method, "params": params}
        self._outcome = bytearray()

    def take(self, descriptor, data):
        if descriptor == self.worker.stdout:
            return frames.data_frames(self.number, frames.STDOUT, data)
        self._outcome += data
        return b""

    def is_over(self):
        return self.exit_status is not None and not self.open_outputs

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
            said = bytes(self._outcome[:500]).decode("utf-8", "replace").strip() or f"exit status {self.exit_status}"
            return failure(self.number, "worker", f"The file operation was ended from inside the sandbox: {said}")


def exit_code(wait_status):
    """A shell's way to say how a process ended: its code, or 128 and the signal's number."""
    code = os.waitstatus_to_exitcode(wait_status)
    return 128 - code if code < 0 else code


def _number(seconds):
    return f"{seconds:g}"


def failure(number, code, message):
    return frames.json_frame(frames.FAILURE, number, {"code": code, "message": message})


class MemoryWatch:
    """Notices when the memory limit has killed something."""

    def __init__(self, limit):
        self._limit = limit
        self._seen = system.out_of_memory_kills()

    def note(self, code):
        """A line for the result of a command that failed with `code`; empty unless memory ran out meanwhile."""
        if code == 0 or self._seen is None:
            return ""
        kills = system.out_of_memory_kills()
        if kills is None or kills <= self._seen:
            return ""
        self._seen = kills
        return f"Killed: out of memory (the sandbox's limit is {self._limit}).\n"


def stop_worker(call):
    """Ends a file operation: it unwinds on SIGTERM."""
    processes.send(call.worker.pid, signal.SIGTERM)
