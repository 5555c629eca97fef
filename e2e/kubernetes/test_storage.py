"""Workspaces that outlive sandboxes of a cluster: a claim for each user, which one pod at a time can have."""

from __future__ import annotations

import pytest
from support.cluster.checks import assert_nothing_is_left, refused, wait_for


def test_files_outlive_the_sandbox_and_the_server(cluster, on_cluster, storage):
    first = on_cluster(*storage)
    first.bash("echo kept > kept.txt; mkdir -p sub; echo deep > sub/deep.txt; echo shown > /artifacts/shown.txt")
    assert first.close() == 0
    assert_nothing_is_left(cluster)
    (claim,) = cluster.names("persistentvolumeclaims")
    second = on_cluster(*storage)
    found = second.bash("cat kept.txt sub/deep.txt /artifacts/shown.txt; rm -r sub && echo removed")
    assert found["stdout"] == "kept\ndeep\nshown\nremoved\n"
    assert cluster.names("persistentvolumeclaims") == [claim]


def test_a_sandbox_that_is_lost_gives_its_files_to_the_next(double, on_cluster, storage):
    client = on_cluster(*storage)
    client.bash("echo kept > kept.txt")
    call = client.start_tool("execute_bash", command="touch started; sleep 600", timeout=600)
    client.bash("until [ -e started ]; do sleep 0.02; done")
    double.cut()
    assert client.result(call)["isError"]
    assert client.bash("cat kept.txt")["stdout"] == "kept\n"


def test_users_do_not_share_files(cluster, on_cluster, storage, fresh_user):
    on_cluster(*storage).bash("echo mine > mine.txt")
    other = on_cluster(*storage, "--user", fresh_user)
    assert other.bash("ls")["stdout"] == ""
    assert len(cluster.names("persistentvolumeclaims")) == 2


def test_files_that_another_server_uses_are_refused_with_the_name_of_its_pod(cluster, on_cluster, storage):
    first = on_cluster(*storage)
    first.bash("echo mine > mine.txt")
    (holder,) = cluster.names("pods")
    second = on_cluster(*storage)
    said = refused(second)
    assert f"in use by the pod {holder}" in said and "--workspace ephemeral" in said, said
    assert first.bash("cat mine.txt")["stdout"] == "mine\n"
    first.close()
    wait_for(lambda: holder not in cluster.names("pods"))
    assert second.bash("cat mine.txt")["stdout"] == "mine\n"


def test_a_workspace_in_memory_needs_no_claim(cluster, on_cluster, storage):
    client = on_cluster(*storage, "--workspace", "ephemeral")
    assert client.bash("echo x > x.txt; cat x.txt")["stdout"] == "x\n"
    assert not cluster.names("persistentvolumeclaims")


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_the_doctor_tries_the_rights_for_storage(double, doctor, storage, verb):
    double.faults.forbidden = {(verb, "persistentvolumeclaims")}
    report = doctor(*storage)
    assert report["rights"]["status"] == "failed"
    assert f"{verb} persistentvolumeclaims" in report["rights"]["found"]
    assert doctor()["rights"]["status"] == "passed"


def test_the_doctor_leaves_no_claim(cluster, doctor, storage):
    report = doctor(*storage)
    assert report["sandbox"]["status"] in ("passed", "warning"), report
    assert report["workspace"]["status"] in ("passed", "warning"), report
    wait_for(lambda: not cluster.names("persistentvolumeclaims"))
