"""The guest: process 1 of a sandbox. Receives calls from the server on standard input, dispatches each to a worker (a
child process), and sends the results back on standard output.

Single-threaded event loop. Nothing in the loop blocks on a file, a command or a worker.
"""

import math
import os

import guest
from guest import (
    active_calls,
    artifact_watcher,
    background_jobs,
    bridge,
    call_io,
    call_lifecycle,
    channel,
    disk_limit,
    disk_monitor,
    dispatcher,
    egress,
    event_loop,
    guest_calls,
    heartbeat,
    network_proof,
    pool,
    process_control,
    py_command,
    session,
    system,
    termination,
    worker_io,
)


class Guest:
    """Creates the parts of the guest, connects them, and runs the event loop that they share."""

    def __init__(self, config):
        self._proxy_port = config["proxy_port"]
        self._has_bridge = config["bridge"]
        self.loop = event_loop.EventLoop()
        # Before anything else: no command may run until that is known.
        self.session = session.Session(network_proof.ways_out() if config["proves_no_network"] else [])
        self.channel = channel.Channel(self.loop, self.session.handle_frame, bytes.fromhex(config["seal"]))
        # Only the channel needs it.
        config["seal"] = ""
        oom_score = system.OutOfMemoryScore()
        system.prepare_process()
        self.disk_limit = disk_limit.DiskLimit(config["workspace_limit"])
        self.pool = pool.WorkerPool(oom_score, config["pids"], config["workspace_limit"])
        self.watcher = artifact_watcher.ArtifactWatcher(self.loop, config["artifact_limit"])
        self.guest_calls = guest_calls.GuestCalls(self.channel.send)
        self.jobs = background_jobs.JobNotifier()
        self.calls = active_calls.ActiveCalls()
        self.call_io = call_io.CallIO()
        self.worker_io = worker_io.WorkerIO()
        self.dispatcher = dispatcher.Dispatcher(config)
        self.lifecycle = call_lifecycle.CallLifecycle(config["max_timeout"])
        self.processes = process_control.ProcessControl(config)
        self.instant = None
        if config["python"] == "instant":
            # Its module isn't there otherwise.
            self.instant = guest.instant.InstantPython(config, oom_score)
        # Its module is loaded only where it is needed.
        self._memory_guard = guest.memory_guard.MemoryGuard(config) if config["guards_memory"] else None
        self._extras = [part for part in (self.instant, self._memory_guard) if part]
        self._config = config
        self._heartbeat = None
        parts = self.session, self.disk_limit, self.call_io, self.worker_io, self.dispatcher, self.lifecycle
        for part in (*parts, self.processes, *self._extras):
            part.attach(self)

    def run(self):
        self.processes.start()
        self.session.start()
        parts = self.loop, self.guest_calls, self.channel.log
        # Before the first worker is started, since it sets the environment of commands.
        self.bridge = bridge.start(*parts, self.calls, self._has_bridge)
        py = py_command.start(self)
        for part in self._extras:
            part.start()
        self.pool.prewarm()
        self.relays = self.session.relays = [
            relay for relay in (self.bridge, py, egress.start(*parts, self._proxy_port)) if relay
        ]
        if self._config["watches_server"]:
            self._beat()
        while True:
            is_idle = not self.loop.run_once(self._seconds_to_wait())
            if is_idle and self.pool.needs_prewarming:
                if guest.load_all():
                    system.keep_from_collection()
                self.pool.prewarm()
                # Starts the disk monitor before the first call, which would otherwise wait for it.
                self.disk_limit.notify()
            elif self.instant and not self.disk_limit.is_frozen:
                self.instant.continue_loading(is_idle)
            self.dispatcher.start_calls()
            for relay in self.relays:
                relay.check_timers()
            if self._has_work or self.disk_limit.is_frozen:
                self.disk_limit.notify()
            if not self.disk_limit.is_frozen:
                self.lifecycle.check_timers()
            if self._memory_guard:
                self._memory_guard.check()
            self.session.update()
            if self.watcher.seconds_to_wait() == 0:
                self.channel.send(self.watcher.scan())
            if self._heartbeat or not self.channel.is_reading:
                self._beat()

    def _beat(self):
        # Loaded when it is first needed: if the engine is on the server's machine, hardly ever.
        if not self._heartbeat:
            self._heartbeat = heartbeat.Heartbeat(self.channel, self._config)
            self._extras.append(self._heartbeat)
        self._heartbeat.beat()

    @property
    def _has_work(self):
        """Whether any process may be writing to the workspace."""
        return self.calls or self.pool.has_background or self.processes.is_busy

    def _seconds_to_wait(self):
        is_frozen = self.disk_limit.is_frozen
        if self.processes.is_busy and not is_frozen:
            return termination.TICK_SECONDS
        # Calls are not checked while their processes are stopped.
        wait = math.inf if is_frozen else self.dispatcher.seconds_to_wait()
        for part in (self.watcher, self.session, self.pool, *self._extras, *self.relays):
            seconds = part.seconds_to_wait()
            if seconds is not None:
                wait = min(wait, seconds)
        if self.disk_limit and (is_frozen or self._has_work):
            wait = min(wait, disk_monitor.NOTIFY_SECONDS)
        return None if wait == math.inf else wait


def main(config):
    system.keep_from_collection()
    process = None
    try:
        process = Guest(config)
        process.run()
    except Exception as error:
        if process:
            process.channel.fail(error)
        # Nothing has arrived yet that could be repeated here.
        text = f"guest: {type(error).__name__}: {error}"
        os.write(system.error_output, text[:1000].encode("utf-8", "replace"))
        os._exit(70)
