"""`make test-cluster` against a cluster that is a double: it asks first, and keeps to a namespace of its own."""

from __future__ import annotations

import os
import re
import subprocess

from support.stdio_client import REPOSITORY, server_binary

SCRIPT = REPOSITORY / "e2e" / "kubernetes" / "test-cluster.sh"


def run(double, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {"EXEC_MCP_BINARY": server_binary(), "CONFIRM": "", **double.environment, **variables}
    return subprocess.run(
        [SCRIPT, *arguments], env={**os.environ, **own}, capture_output=True, text=True, timeout=280, check=False
    )


def test_it_touches_nothing_before_the_cluster_is_confirmed(double):
    for said in ("", "another"):
        done = run(double, CONFIRM=said)
        assert done.returncode == 2 and "CONFIRM='double'" in done.stderr
    # kubectl itself looks whether it fits the cluster's version.
    assert all(line.startswith("GET /version") for line in double.requests), double.requests


def test_it_needs_a_context(double, tmp_path):
    done = run(double, CONFIRM="double", KUBECONFIG=str(tmp_path / "none"))
    assert done.returncode == 2 and "no current context" in done.stderr


def test_it_runs_in_a_namespace_of_its_own_and_deletes_that(double):
    selection = "every_tool_works or killed_server or outlive or touches_nothing"
    done = run(double, "-k", selection, CONFIRM="double", STORAGE_CLASS="fast")
    assert done.returncode == 0, done.stdout + done.stderr
    # What only a double can do is left out.
    assert "3 passed" in done.stdout and "1 skipped" in done.stdout, done.stdout
    assert double.names("namespaces") == ["exec-mcp-sandboxes"]
    changes = [line for line in double.requests if not line.startswith("GET")]
    (namespace,) = {found[1] for line in changes if (found := re.search("/namespaces/([^/?]+)", line))}
    assert namespace.startswith("exec-mcp-test-")
    assert all(namespace in line or line.startswith("POST /api/v1/namespaces?") for line in changes), changes
