"""The connection to a sandbox of a cluster breaks: both ends are given up and nothing is left."""

from __future__ import annotations

import os
import signal

import pytest
from support import host_processes
from support.cluster.checks import assert_nothing_is_left, refused, wait_for, wait_until_ended
from support.stdio_client import text_of

# Either end is given up after twenty seconds: a busy machine may leave one without a moment of its own for long.
BEAT = ("--heartbeat", "5")


def start_working(client):
    call = client.start_tool("execute_bash", command="touch started; sleep 600", timeout=600)
    client.bash("until [ -e started ]; do sleep 0.02; done")
    return call


def attached(client) -> list[int]:
    return [child for child in host_processes.children(client.process.pid) if "attach" in host_processes.words(child)]


def test_a_broken_network_ends_both_sides_of_a_call(double, on_cluster):
    client = on_cluster(*BEAT)
    call = start_working(client)
    (pod,) = double.created_pods
    with double.frozen():
        result = client.result(call)
        assert result["isError"] and "gave no sign of life for 20 seconds" in text_of(result)
        # Nobody can tell the sandbox.
        wait_until_ended(pod)
    assert client.bash("echo next")["stdout"] == "next\n"
    wait_for(lambda: len(attached(client)) == 1)
    assert client.close() == 0
    assert_nothing_is_left(double)


def test_a_broken_network_ends_both_sides_at_rest(double, on_cluster):
    client = on_cluster(*BEAT)
    client.bash("true")
    (pod,) = double.created_pods
    with double.frozen():
        client.wait_for_log("gave no sign of life for 20 seconds")
        wait_until_ended(pod)
    assert client.bash("echo next")["stdout"] == "next\n"
    assert client.close() == 0
    assert_nothing_is_left(double)


def test_a_server_that_is_killed_while_the_network_is_broken_leaves_nothing(double, on_cluster):
    client = on_cluster(*BEAT)
    start_working(client)
    (pod,) = double.created_pods
    with double.frozen():
        client.kill9()
        wait_until_ended(pod)
    assert_nothing_is_left(double)


def test_a_sandbox_outlasts_many_intervals_without_anything_to_say(cluster, on_cluster):
    client = on_cluster(*BEAT)
    client.bash("true")
    (pod,) = cluster.names("pods")
    client.bash("sleep 28")
    assert client.bash("echo still here")["stdout"] == "still here\n"
    assert cluster.names("pods") == [pod]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kubectl_that_is_killed_ends_its_sandbox(cluster, on_cluster, number):
    client = on_cluster()
    call = start_working(client)
    (pod,) = cluster.names("pods")
    (process,) = attached(client)
    os.kill(process, number)
    result = client.result(call)
    assert result["isError"] and "The next call starts a new sandbox" in text_of(result)
    wait_for(lambda: pod not in cluster.names("pods"))
    assert client.bash("echo next")["stdout"] == "next\n"
    assert client.close() == 0
    assert_nothing_is_left(cluster)


def test_an_api_server_that_restarts_costs_the_sandbox_and_nothing_else(double, on_cluster):
    client = on_cluster()
    call = start_working(client)
    with double.down():
        result = client.result(call)
        assert result["isError"] and "The next call starts a new" in text_of(result)
        assert "cannot reach the cluster" in refused(client)
        wait_until_ended(double.created_pods[0])
    assert client.bash("echo next")["stdout"] == "next\n"
    # What could not be deleted meanwhile has gone by itself.
    wait_for(lambda: len(double.names("jobs")) == 1)
    assert client.close() == 0
    assert_nothing_is_left(double)
