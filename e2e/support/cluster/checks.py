"""What tests of sandboxes on a cluster wait for and expect."""

from __future__ import annotations

from collections.abc import Callable

from support import engine
from support.cluster.api_double import Double
from support.cluster.pods import Pod
from support.cluster.real_cluster import RealCluster
from support.stdio_client import StdioClient, text_of


def refused(client: StdioClient, command: str = "true") -> str:
    """What is said of a command that cannot run."""
    result = client.call_tool("execute_bash", command=command)
    assert result["isError"], result
    return text_of(result)


def wait_for(condition: Callable[[], object]) -> None:
    assert engine.poll(condition) is not None


def wait_until_ended(pod: Pod) -> None:
    wait_for(lambda: not engine.run("ps", "--all", "--quiet", "--filter", f"name={pod.name}").split())


def assert_nothing_is_left(cluster: RealCluster | Double) -> None:
    wait_for(lambda: not cluster.names("pods") and not cluster.names("jobs"))
    for pod in cluster.created_pods if isinstance(cluster, Double) else ():
        wait_until_ended(pod)
