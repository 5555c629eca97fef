#!/usr/bin/env python3
"""Thousands of mixed calls by several users at once, with faults injected at random, and what is left of it all.

    bench/soak.py [--calls N] [--users N] [--seed N] [--no-faults]

Every answer is checked. A call may fail if a fault has hit its user's sandbox while it ran, and must say so then; any
other failure counts as lost. The exit status is 1 if anything was lost, wrong or left behind.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

from soaking import faults, work
from soaking.connection import Connection
from soaking.ledger import Ledger
from support import engine, host_processes

# What the allocator may keep of what calls have needed, in bytes.
FLAT = 16 * 1024 * 1024


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000, help="how many calls all users make together (4000)")
    parser.add_argument("--users", type=int, default=4, help="how many users call at once (4)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run's choices")
    parser.add_argument("--no-faults", action="store_true", help="inject no faults")
    return parser.parse_args()


def main() -> int:
    options = parse()
    seed = options.seed if options.seed is not None else secrets.randbelow(1 << 32)
    print(f"soak: {options.calls} calls by {options.users} users, seed {seed}", flush=True)
    mark = f"soak-{secrets.token_hex(4)}"
    users = [f"{mark}-{number}" for number in range(options.users)]
    ledger = Ledger(users)
    connection = Connection(["--user", users[0], "--memory", "256m"], mark)
    try:
        run(connection, users, options, seed, ledger)
        status = connection.close()
        seconds = engine.poll(lambda: not any(map(engine.containers, users)), 20)
        ledger.leaked_containers = 0 if seconds is not None else sum(len(engine.containers(user)) for user in users)
        engine.poll(lambda: not host_processes.marked(mark), 20)
        ledger.leaked_processes += len(host_processes.marked(mark))
        if status != 0:
            ledger.lose(f"the server ended with status {status}")
    finally:
        connection.kill()
        for user in users:
            engine.remove_everything(user)
    print(ledger.table())
    return 0 if ledger.is_clean(FLAT) else 1


def run(connection: Connection, users: list[str], options: argparse.Namespace, seed: int, ledger: Ledger) -> None:
    """Makes the calls, with what the server holds measured while all sandboxes are up and idle, before and after."""
    connection.initialize()
    for user in users:
        work.settle(connection, user)
    before = measure(connection)
    stop = threading.Event()
    workers = [
        threading.Thread(
            target=work.keep_calling,
            args=(connection, user, options.calls // len(users), random.Random(f"{seed}-{user}"), ledger),
        )
        for user in users
    ]
    injector = threading.Thread(
        target=faults.keep_injecting, args=(connection, users, random.Random(seed), ledger, stop)
    )
    threads = workers if options.no_faults else [*workers, injector]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while any(worker.is_alive() for worker in workers):
        workers[0].join(5)
        if sys.stdout.isatty():
            print(f"\r{ledger.calls} calls, {ledger.fault_count} faults, {time.monotonic() - began:.0f} s", end="")
    stop.set()
    for thread in threads:
        thread.join()
    if sys.stdout.isatty():
        print()
    for user in users:
        work.settle(connection, user)
        ledger.leaked_processes += work.leftovers(connection, user)
    # What a call has left is gone soon after its answer: the lowest of some measurements counts.
    after = [measure(connection)]
    while len(after) < 20 and after[-1][0] > before[0]:
        time.sleep(0.25)
        after.append(measure(connection))
    ledger.leaked_descriptors = max(0, min(count for count, _ in after) - before[0])
    ledger.memory_growth = max(0, min(size for _, size in after) - before[1])
    ledger.seconds = time.monotonic() - began


def measure(connection: Connection) -> tuple[int, int]:
    """How many descriptors the server has open, and how much memory it holds."""
    return host_processes.open_descriptors(connection.pid), host_processes.resident_bytes(connection.pid)


if __name__ == "__main__":
    sys.exit(main())
