"""The Python MCP server over the Docker SDK, spoken to by the same client as exec-mcp."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from support import engine, host_processes

from benchmarking.client import Client
from benchmarking.traces import LABEL

NAME = "FastMCP + docker-py"
PROGRAM = Path(__file__).with_name("docker_sdk_server.py")


def start(mark: str) -> Client:
    """Starts a server. Its container comes with the first call and goes with the server."""
    environment = {
        **os.environ,
        host_processes.MARK: mark,
        "BENCHMARK_LABEL": LABEL,
        "BENCHMARK_MARK": mark,
        "MCP_EXECUTOR_IMAGE": engine.IMAGE,
    }
    return Client([sys.executable, str(PROGRAM)], environment)
