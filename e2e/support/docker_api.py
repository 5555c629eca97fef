"""Docker's HTTP API, for what tests ask again and again: the command line takes thirty times as long to answer."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SOCKET = "/var/run/docker.sock"


class Connection(http.client.HTTPConnection):
    def __init__(self) -> None:
        super().__init__("docker", timeout=120)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def _context() -> str:
    """The context that docker's command line uses."""
    if name := os.environ.get("DOCKER_CONTEXT"):
        return name
    directory = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    try:
        configuration = json.loads((Path(directory) / "config.json").read_text())
    except (OSError, ValueError):
        return "default"
    return configuration.get("currentContext") or "default"


def answers_for(program: str) -> bool:
    """Whether this program uses this socket: not if it is another engine, or is set to use another address."""
    if program != "docker" or os.environ.get("DOCKER_HOST"):
        return False
    return _context() == "default" and os.path.exists(SOCKET)


def get(path: str, **query: str) -> Any:
    connection = Connection()
    try:
        connection.request("GET", f"{path}?{urlencode(query)}")
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, f"GET {path}: {answer.status} {content[:500]!r}"
        return json.loads(content)
    finally:
        connection.close()
