"""A sandbox of a cluster tries to get out before a command runs, and is refused if it can."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator

import pytest
from support import engine
from support.stdio_client import text_of


def is_removed(network: str) -> bool:
    engine.run("network", "rm", network, check=False)
    return not engine.run("network", "ls", "--quiet", "--filter", f"name={network}").split()


@pytest.fixture
def network() -> Iterator[tuple[str, str]]:
    """The name of a network that leads to this machine and nowhere else, and this machine's address in it."""
    name = f"exec-mcp-double-{secrets.token_hex(4)}"
    engine.run("network", "create", "--internal", name)
    try:
        (settings,) = json.loads(engine.run("network", "inspect", name))
        yield name, settings["IPAM"]["Config"][0]["Gateway"]
    finally:
        # Its containers may be on their way out.
        assert engine.poll(lambda: is_removed(name)) is not None


def test_a_sandbox_without_a_network_works_and_does_not_know_the_cluster(on_cluster):
    client = on_cluster()
    assert client.bash("env | grep -c KUBERNETES_")["stdout"] == "0\n"


def test_a_sandbox_that_reaches_the_api_server_is_refused(double, network, on_cluster):
    name, address = network
    with socket.create_server((address, 0)) as server:
        double.faults.network, double.faults.service = name, server.getsockname()
        client = on_cluster()
        result = client.call_tool("execute_bash", command="echo ran > /workspace/ran")
        assert result["isError"], result
        said = text_of(result)
        assert f"{address} port {server.getsockname()[1]}" in said and "exec-mcp kubernetes manifest" in said
        engine.poll(lambda: not double.names("jobs"))
        assert not double.names("jobs")


def test_a_network_that_was_asked_for_is_not_tried(double, network, on_cluster):
    name, address = network
    with socket.create_server((address, 0)) as server:
        double.faults.network, double.faults.service = name, server.getsockname()
        client = on_cluster("--network", "bridge")
        host, port = server.getsockname()
        assert client.bash(f"timeout 20 bash -c 'exec 3<>/dev/tcp/{host}/{port} && echo out'")["stdout"] == "out\n"


def test_a_way_that_closes_soon_is_waited_for(double, network, on_cluster):
    name, address = network
    with socket.create_server((address, 0)) as server:
        double.faults.network, double.faults.service = name, server.getsockname()
        client = on_cluster()
        call = client.start_tool("execute_bash", command="echo closed")
        # The first attempt gets out; then the way is closed.
        server.settimeout(engine.PATIENCE)
        server.accept()[0].close()
        server.close()
        assert "closed" in text_of(client.result(call))
