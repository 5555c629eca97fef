"""Fixtures of sandboxes on a cluster: the real kubectl, and a double of the API server for it, or a real cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.cluster import real_cluster
from support.cluster.api_double import Double
from support.cluster.pods import remove_pods
from support.cluster.real_cluster import RealCluster
from support.cluster.warm_pools import POOL
from support.stdio_client import REPOSITORY, StdioClient, server_binary


@pytest.fixture(scope="session")
def kubectl() -> str:
    if program := os.environ.get("EXEC_MCP_TEST_KUBECTL"):
        return program
    done = subprocess.run(
        [REPOSITORY / "e2e" / "kubernetes" / "install-kubectl.sh"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """The double, for tests that look behind it or have it fail."""
    if real_cluster.CONTEXT:
        pytest.skip("a real cluster does not fail on request")
    with Double(tmp_path) as double:
        yield double


@pytest.fixture(scope="session")
def namespace(kubectl: str) -> Iterator[RealCluster | None]:
    """A namespace on the real cluster; None without one."""
    if not real_cluster.CONTEXT:
        yield None
        return
    with RealCluster(kubectl, real_cluster.CONTEXT) as cluster:
        yield cluster


@pytest.fixture
def cluster(namespace: RealCluster | None, request: pytest.FixtureRequest) -> RealCluster | Double:
    """The real cluster if there is one, or else the double."""
    return namespace or request.getfixturevalue("double")


@pytest.fixture
def storage() -> list[str]:
    """Options for persistent workspaces."""
    if real_cluster.CONTEXT and not real_cluster.STORAGE_CLASS:
        pytest.skip("no storage class of the cluster is named")
    return ["--kubernetes-storage-class", real_cluster.STORAGE_CLASS or "fast"]


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    if not real_cluster.CONTEXT:
        remove_pods()


@pytest.fixture
def on_cluster(
    cluster: RealCluster | Double, kubectl: str, start_server: Callable[..., StdioClient]
) -> Callable[..., StdioClient]:
    """Starts a server whose sandboxes are pods of the cluster."""

    def start(*arguments: str, **options: object) -> StdioClient:
        env = {**cluster.environment, **options.pop("env", {})}
        own = ["--engine", kubectl, *cluster.options]
        return start_server(*own, *arguments, env=env, **options)

    return start


@pytest.fixture
def run_server(kubectl: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command of the program to its end."""

    def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command = ["env", *(f"{name}={value}" for name, value in (env or {}).items()), server_binary(), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

    return run


@pytest.fixture
def doctor(
    cluster: RealCluster | Double, kubectl: str, run_server: Callable[..., subprocess.CompletedProcess[str]]
) -> Callable[..., dict[str, dict[str, str]]]:
    """Has the doctor examine the cluster; returns its checks by name."""

    def examine(*arguments: str) -> dict[str, dict[str, str]]:
        own = ["doctor", "--json", "--engine", kubectl, *cluster.options]
        done = run_server(*own, *arguments, env=cluster.environment)
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    return examine


@pytest.fixture
def manifest(run_server) -> Callable[..., list[dict[str, Any]]]:
    def print_it(*arguments: str, size: int = 2) -> list[dict[str, Any]]:
        own = ["kubernetes", "manifest", "--kubernetes-warm-pool", POOL, "--pool-size", str(size)]
        done = run_server(*own, *arguments)
        assert done.returncode == 0, done.stderr
        return list(yaml.safe_load_all(done.stdout))

    return print_it
