"""The guest: process 1 of a sandbox. Receives calls from the server on standard input, dispatches each to a keeper (a
worker process), and sends the results back on standard output.

Single-threaded event loop. Nothing in the loop blocks on a file, a command or a keeper.
"""

import gc
import math
import os

from guest import (
    channel,
    disk_limit,
    dispatcher,
    egress,
    endings,
    frames,
    guest_calls,
    jobs,
    lifecycle,
    places,
    pollset,
    pool,
    quota,
    shells,
    system,
    watch,
)

PROTOCOL = 1

# Shells are prewarmed after the loop has been idle for this long, so that prewarming doesn't compete with a call that
# follows right after the last one.
_REST_SECONDS = 0.003


class Guest:
    """Owns the parts of the guest and runs the event loop that they share."""

    def __init__(self, config):
        self._poll = pollset.PollSet()
        self._channel = channel.Channel(self._poll, self._take_frame)
        score = system.OutOfMemoryScore()
        system.prepare_process()
        self._disk_limit = disk_limit.DiskLimit(config["workspace_limit"])
        self._pool = pool.KeeperPool(score, config["pids"], config["workspace_limit"])
        self._watch = watch.ArtifactWatch(self._poll, config["artifact_limit"])
        self._proxy_port = config["proxy_port"]
        self._guest_calls = guest_calls.GuestCalls(self._channel.send)
        self._egress = None
        self._job_news = jobs.JobNews()
        self._is_greeted = False
        self._dispatcher = dispatcher.Dispatcher(config)
        self._lifecycle = lifecycle.Lifecycle(config)
        self._disk_limit.attach(self._poll, self._channel, self._pool, self._dispatcher, self._lifecycle)
        self._lifecycle.attach(self._poll, self._channel, self._pool, self._disk_limit, self._dispatcher)
        self._dispatcher.attach(self._poll, self._channel, self._pool, self._watch, self._disk_limit, self._lifecycle)
        self._dispatcher.tell_of_jobs = self._tell_of_jobs

    def run(self):
        self._lifecycle.begin()
        self._channel.read_if(True)
        self._channel.log(places.mend(is_start=True))
        self._say_hello()
        self._pool.prepare()
        if self._proxy_port:
            try:
                self._egress = egress.Egress(self._poll, self._guest_calls, self._channel.log, self._proxy_port)
            except OSError as error:
                self._channel.log(f"there is no way out of the sandbox: {error.strerror}")
        while True:
            if not self._poll.wait(self._seconds_to_wait()) and self._pool.wants_preparation:
                self._pool.prepare()
                # Starts the disk monitor before the first call, which would otherwise wait for it.
                self._disk_limit.poke()
            self._dispatcher.begin_calls()
            if self._egress:
                self._egress.look_at_clock()
            if self._has_work or self._disk_limit.is_frozen:
                self._disk_limit.poke()
            if not self._disk_limit.is_frozen:
                self._lifecycle.look_at_clock()
            if self._is_greeted and not self._dispatcher.has_calls:
                self._go_on()
            if self._pool.has_background != self._job_news.has_jobs:
                self._tell_of_jobs(self._pool.has_background)
            if self._watch.seconds_to_wait() == 0:
                self._channel.send(self._watch.look())

    @property
    def _has_work(self):
        """Whether any process may be writing to the workspace."""
        return self._dispatcher.has_calls or self._pool.has_background or self._lifecycle.is_busy

    def _tell_of_jobs(self, has_jobs):
        self._channel.send(self._job_news.look(has_jobs, self._lifecycle.is_busy))

    def _say_hello(self):
        hello = {"protocol": PROTOCOL, **system.description(shells.SHELL)}
        self._channel.send(frames.json_frame(frames.HELLO, 0, hello))

    # Handover from one server to the next

    def _rest(self):
        """The server disconnects: ends its calls and sends nothing until another server connects."""
        self._dispatcher.give_up()
        if self._egress:
            self._egress.rest()
        self._channel.rest()

    def _go_on(self):
        """Another server has connected, and the calls of the previous one have ended."""
        self._is_greeted = False
        self._channel.go_on()
        self._say_hello()
        self._job_news = jobs.JobNews()
        self._watch.forget()
        if self._egress:
            self._egress.go_on()

    def _take_frame(self, kind, number, payload):
        if kind == frames.LEAVE:
            self._rest()
        elif kind == frames.HELLO:
            self._is_greeted = True
        elif self._channel.is_resting:
            # Late frames from the server that is leaving.
            pass
        elif number & frames.GUEST_CALL:
            self._guest_calls.take(kind, number, payload)
        elif kind == frames.CALL:
            self._dispatcher.take_call(number, frames.json_value(payload))
        elif kind == frames.CANCEL:
            self._dispatcher.cancel(number)
        elif kind == frames.DATA:
            self._dispatcher.take_data(number, payload)
        elif kind not in (frames.END, frames.RESULT, frames.FAILURE):
            raise ValueError(f"a frame of kind {kind}")

    def _seconds_to_wait(self):
        is_frozen = self._disk_limit.is_frozen
        if self._lifecycle.is_busy and not is_frozen:
            return endings.TICK_SECONDS
        # Calls are not checked while their processes are stopped.
        wait = math.inf if is_frozen else self._dispatcher.seconds_to_wait()
        for part in (self._watch, self._egress):
            seconds = part.seconds_to_wait() if part else None
            if seconds is not None:
                wait = min(wait, seconds)
        if self._disk_limit and (is_frozen or self._has_work):
            wait = min(wait, quota.POKE_SECONDS)
        if self._pool.wants_preparation:
            wait = min(wait, _REST_SECONDS)
        return None if wait == math.inf else wait


def main(config):
    # Objects that exist now live as long as the guest. Exclude them from garbage collection, whose marking would copy
    # memory pages that are shared with forked children.
    gc.freeze()
    try:
        Guest(config).run()
    except Exception as error:
        # The engine's CLI forwards this; the server reports it as the reason why the sandbox ended.
        text = f"guest: {type(error).__name__}: {error}"
        os.write(2, text[:1000].encode("utf-8", "replace"))
        os._exit(70)
