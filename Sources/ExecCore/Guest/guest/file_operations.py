"""File operations, which a worker runs in its own process."""

import json

from guest import calls, frames, shells, workers


class FileOperation(calls.Call):
    """A file operation. The worker writes the response body to standard output and the outcome to standard error."""

    __slots__ = ("_outcome",)

    def start(self, worker):
        """Starts the operation. Raises `OSError` if no descriptors are available."""
        params = self.params
        self._run_on(worker, params["timeout"], shells.OutputPipes())
        self.input[:0] = workers.encode_task({"method": self.method, "params": params})
        self._outcome = bytearray()

    def add_output(self, descriptor, data):
        if descriptor == self.stdout:
            return frames.data_frames(self.number, frames.STDOUT, data)
        self._outcome += data
        return b""

    def handle_report(self, kind, number, serial, is_tree_empty):
        if kind == workers.DONE:
            self.is_done = True
        else:
            # The worker's prewarmed shell has died.
            self.worker.discard_shell()
            self.is_tree_empty = is_tree_empty

    def is_complete(self):
        return self.is_done and not self.open_outputs

    def final_frames(self):
        if self.timed_out:
            text = f"The file operation timed out after {calls.format_seconds(self.timeout)} seconds."
            return calls.failure(self.number, "timed_out", text)
        try:
            outcome = json.loads(self._outcome)
            if "result" in outcome:
                return frames.json_frame(frames.RESULT, self.number, outcome["result"])
            return frames.json_frame(frames.FAILURE, self.number, outcome["failure"])
        except (ValueError, KeyError, TypeError):
            text = "The file operation was ended from inside the sandbox. Try again."
            return calls.failure(self.number, "ended", text)
