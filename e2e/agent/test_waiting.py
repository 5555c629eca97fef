"""What waiting for a model costs: next to nothing, for one run as for many."""

from __future__ import annotations

import http.client
import json
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import engine, host_processes
from support.agent import Service, agent_binary, environment
from support.scripted import MODEL
from support.upstreams import Upstream

pytestmark = pytest.mark.alone

WAIT = 2.0
# The share of a processor that a wait may take. It takes a hundredth of this; a loop that turns in a circle takes all.
SHARE = 0.2
MANY = 100
# The share that many waiting runs may take together in at least one of several waits: the rest of their start takes
# time in the first ones, a loop that never rests in all.
SHARE_OF_MANY = 0.02
WAITS = 6
# Threads for connections and for looking up names, beside those of the program.
MORE_THREADS = 8
FEW = 10


def processor_seconds(run: Callable[[], None]) -> tuple[float, float]:
    """The processor time that the programs of `run` take, and how long it lasts."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - began


@pytest.mark.parametrize("place", ["before_answer", "before_end"])
def test_a_run_that_waits_takes_next_to_no_processor_time(place: str, user: str) -> None:
    waits = iter([0.0, WAIT])
    upstream = Upstream(**{place: lambda: time.sleep(next(waits))})

    def run() -> None:
        done = subprocess.run(
            [agent_binary(), "Hello?"], capture_output=True, text=True, timeout=120, env=environment(upstream.url, user)
        )
        assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr

    # What starting and ending takes is the same in both.
    (at_once, _), (waiting, lasted) = processor_seconds(run), processor_seconds(run)
    upstream.close()
    assert lasted >= WAIT
    assert waiting - at_once < SHARE * lasted


def test_many_runs_that_wait_take_next_to_no_processor_time(user: str) -> None:
    release = threading.Event()
    upstream = Upstream(before_answer=release.wait)
    service = Service(upstream, user)  # type: ignore[arg-type]
    process = service.process.pid

    def processor_ticks() -> int:
        fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def share_of_a_wait() -> float:
        before, began = processor_ticks(), time.monotonic()
        time.sleep(WAIT)
        return (processor_ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)

    def threads() -> int:
        return len(os.listdir(f"/proc/{process}/task"))

    def ask(number: int) -> str:
        # Every other client has the answer streamed, and is told at times that the run goes on.
        if number % 2:
            return service.ask("Go.", f"{user}-{number}")
        messages: Any = [{"role": "user", "content": "Go."}]
        create = service.client().chat.completions.create
        chunks = list(create(model=MODEL, messages=messages, user=f"{user}-{number}", stream=True))
        return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)

    try:
        with ThreadPoolExecutor(MANY) as pool:
            first = pool.submit(ask, 0)
            try:
                assert engine.poll(lambda: len(upstream.requests) == 1) is not None
                with_one = threads()
                rest = [pool.submit(ask, number) for number in range(1, MANY)]
                assert engine.poll(lambda: len(upstream.requests) == MANY) is not None
                shares: list[float] = []
                while len(shares) < WAITS and min(shares, default=1) >= SHARE_OF_MANY:
                    shares.append(share_of_a_wait())
                with_many = threads()
            finally:
                release.set()
            assert {answer.result(60) for answer in [first, *rest]} == {"Hello."}
        assert min(shares) < SHARE_OF_MANY, shares
        # The server has a thread a connection of its clients; the model's side has one for all.
        assert with_many - with_one <= MANY + MORE_THREADS
    finally:
        assert service.close() == 0
        upstream.close()


def test_runs_whose_clients_go_away_leave_no_connection(user: str) -> None:
    release = threading.Event()
    upstream = Upstream(before_answer=lambda: len(upstream.requests) == 1 or release.wait())
    service = Service(upstream, user)  # type: ignore[arg-type]
    message = {"role": "user", "content": "Go."}

    def descriptors() -> int:
        return host_processes.open_descriptors(service.process.pid)

    try:
        assert service.ask() == "Hello."
        at_rest = descriptors()
        clients = [http.client.HTTPConnection("127.0.0.1", service.port, timeout=60) for _ in range(FEW)]
        for number, client in enumerate(clients):
            body = json.dumps({"messages": [message], "user": f"{user}-{number}", "stream": True})
            client.request("POST", "/v1/chat/completions", body, headers={"Content-Type": "application/json"})
        assert engine.poll(lambda: len(upstream.requests) == 1 + FEW) is not None
        assert descriptors() >= at_rest + 2 * FEW - 2
        for client in clients:
            client.close()
        assert engine.poll(lambda: descriptors() <= at_rest) is not None, (descriptors(), at_rest)
    finally:
        release.set()
        assert service.close() == 0
        upstream.close()
