#!/usr/bin/env python3
"""Measures the first call of a sandbox on Kubernetes, with and without a pool, in turn in one run.

    .venv/kubernetes/bin/python bench/warm_pool.py [--rounds N] [--json]

The cluster is the double of the tests (e2e/support/cluster) under the real kubectl: its pods are containers of the
engine, and the image is there. So what is measured is what the commands cost and what a container takes to start. A
real node takes longer, and much longer if it has to pull the image.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))  # has support

import yaml
from support import engine
from support.cluster.api_double import Double
from support.cluster.pods import remove_pods
from support.cluster.warm_pools import POOL
from support.stdio_client import REPOSITORY, StdioClient, server_binary

KINDS = {"ConfigMap": "configmaps", "SandboxTemplate": "sandboxtemplates", "SandboxWarmPool": "sandboxwarmpools"}
WAYS = {
    "a Job": [],
    "a pod in stock": ["--kubernetes-warm-pool", POOL],
    "an empty pool": ["--kubernetes-warm-pool", POOL],
}


def kubectl() -> str:
    if program := os.environ.get("EXEC_MCP_TEST_KUBECTL"):
        return program
    script = REPOSITORY / "e2e" / "kubernetes" / "install-kubectl.sh"
    return subprocess.run([script], capture_output=True, text=True, check=True).stdout.strip()


def make_pool(double: Double) -> None:
    command = [server_binary(), "kubernetes", "manifest", "--kubernetes-warm-pool", POOL, "--pool-size", "1"]
    for item in yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True).stdout):
        if item["kind"] in KINDS:
            double.warm_pools.store(KINDS[item["kind"]], item)


def first_call(double: Double, program: str, arguments: list[str]) -> float:
    """Seconds from a server's first call to its result."""
    own = ["--user", "bench-warm-pool", "--engine", program, "--log-level", "error"]
    with StdioClient([*own, *arguments], env=double.environment) as client:
        client.initialize()
        start = time.monotonic()
        assert client.bash("echo hello")["stdout"] == "hello\n"
        return time.monotonic() - start


def measure(double: Double, program: str, way: str) -> float:
    def is_idle() -> bool:
        stock = double.warm_pools.stock[POOL]
        return len(double.pods) == len(stock) and all(pod.ready for pod in stock)

    assert engine.poll(is_idle) is not None
    stock = double.warm_pools.stock[POOL]
    kept = stock.copy()
    if way == "an empty pool":
        stock.clear()
        double.faults.drained = True
    try:
        return first_call(double, program, WAYS[way])
    finally:
        double.faults.drained = False
        if not stock:
            stock.extend(kept)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    samples: dict[str, list[float]] = {way: [] for way in WAYS}
    program = kubectl()
    try:
        with tempfile.TemporaryDirectory() as directory, Double(Path(directory)) as double:
            make_pool(double)
            # The first of all, which reads everything from the disk.
            for way in WAYS:
                measure(double, program, way)
            for _ in range(options.rounds):
                for way, seconds in samples.items():
                    seconds.append(measure(double, program, way))
    finally:
        remove_pods()
    if options.json:
        print(json.dumps(samples))
        return 0
    for way, seconds in samples.items():
        print(f"{way:16} median {statistics.median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
