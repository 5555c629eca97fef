"""A namespace of their own on a real cluster for tests, for as long as they run."""

from __future__ import annotations

import os
import secrets
import subprocess

from support.stdio_client import server_binary

# The context of kubectl's configuration whose cluster is used, if any, and the image that its nodes pull.
CONTEXT = os.environ.get("EXEC_MCP_TEST_CONTEXT")
IMAGE = os.environ.get("EXEC_MCP_TEST_IMAGE", "mcp-code-executor:latest")
STORAGE_CLASS = os.environ.get("EXEC_MCP_TEST_STORAGE_CLASS", "")


class RealCluster:
    def __init__(self, kubectl: str, context: str) -> None:
        self._kubectl = kubectl
        self._context = context
        self._namespace = f"exec-mcp-test-{secrets.token_hex(4)}"
        self.environment: dict[str, str] = {}
        self.options = ["--kubernetes-context", context, "--kubernetes-namespace", self._namespace, "--image", IMAGE]

    def __enter__(self) -> RealCluster:
        command = [server_binary(), "kubernetes", "manifest", "--kubernetes-namespace", self._namespace]
        manifest = subprocess.run(command, capture_output=True, check=True).stdout
        self._run("create", "--validate=false", "--filename", "-", input=manifest)
        return self

    def __exit__(self, *_: object) -> None:
        self._run("delete", "namespace", self._namespace, "--wait=false")

    def names(self, kind: str) -> list[str]:
        lines = self._run("get", kind, "--namespace", self._namespace, "--output", "name").decode().split()
        return [line.partition("/")[2] for line in lines]

    def _run(self, *arguments: str, input: bytes = b"") -> bytes:
        command = [self._kubectl, "--context", self._context, *arguments]
        done = subprocess.run(command, input=input, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
        return done.stdout
