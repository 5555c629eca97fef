"""Artifacts: a command's result links to each file that it put into /artifacts or changed there."""

import json

import pytest


def links(result: dict) -> dict[str, dict]:
    return {block["uri"]: block for block in result["content"] if block["type"] == "resource_link"}


def run(client, command: str) -> dict:
    result = client.call_tool("execute_bash", command=command)
    assert json.loads(result["content"][0]["text"])["exit_code"] == 0, result
    return links(result)


@pytest.fixture(autouse=True)
def empty_artifacts(client):
    client.bash("find /artifacts -mindepth 1 -delete")


def test_a_new_artifact_is_linked(client):
    found = run(client, "echo '{}' > /artifacts/data.json")
    assert list(found) == ["artifact:///data.json"]
    link = found["artifact:///data.json"]
    assert link["name"] == "data.json"
    assert link["mimeType"] == "application/json"
    assert link.get("size", 3) == 3


def test_the_first_block_stays_the_exact_result(client):
    result = client.call_tool("execute_bash", command="echo hi > /artifacts/a.txt; echo done")
    assert result["content"][0] == {"type": "text", "text": '{"exit_code":0,"stdout":"done\\n","stderr":""}'}
    assert result["structuredContent"] == {"exit_code": 0, "stdout": "done\n", "stderr": ""}


def test_several_artifacts_are_all_linked(client):
    found = run(client, "for i in 1 2 3; do echo $i > /artifacts/$i.csv; done")
    assert sorted(found) == ["artifact:///1.csv", "artifact:///2.csv", "artifact:///3.csv"]


def test_a_changed_artifact_is_linked_again_and_an_unchanged_one_is_not(client):
    run(client, "echo a > /artifacts/a.txt; echo b > /artifacts/b.txt")
    assert run(client, "cat /artifacts/*") == {}
    assert list(run(client, "echo more >> /artifacts/a.txt")) == ["artifact:///a.txt"]
    assert list(run(client, "echo b > /artifacts/new; mv /artifacts/new /artifacts/b.txt")) == ["artifact:///b.txt"]


def test_a_removed_artifact_is_not_linked(client):
    run(client, "echo a > /artifacts/a.txt")
    assert run(client, "rm /artifacts/a.txt; touch /artifacts/x; rm /artifacts/x") == {}


@pytest.mark.parametrize(
    "command",
    [
        "echo x > /artifacts/.hidden",
        "mkdir -p /artifacts/sub; echo x > /artifacts/sub/nested.txt",
        "ln -s /etc/passwd /artifacts/link.txt",
        "ln -s ../../etc/passwd /artifacts/relative.txt",
        "ln -s /artifacts/none /artifacts/dangling.txt",
        "mkfifo /artifacts/pipe.txt",
        "mkdir -p /artifacts/directory.txt",
        "echo x > /workspace/elsewhere.txt",
    ],
)
def test_what_is_no_artifact_is_not_linked(client, command):
    assert run(client, command) == {}


def test_an_artifact_over_the_limit_is_said(start_server):
    server = start_server("--artifact-limit-mb", "1")
    note = (
        "Artifacts are limited to 1048576 bytes each. Not delivered: {}. Make them smaller, for example by compressing"
    )
    said = server.bash("cd /artifacts; echo small > small; truncate -s 1048577 over.bin; ln -s over.bin link; exit 3")
    assert said["stderr"].startswith(note.format("link (1048577 bytes), over.bin (1048577 bytes)"))
    assert said["exit_code"] == 3
    # Once, and again when it changes.
    assert server.bash("true")["stderr"] == ""
    assert server.bash("touch /artifacts/small; rm /artifacts/link; truncate -s 9 /artifacts/over.bin")["stderr"] == ""
    grown = server.bash("echo error >&2; truncate -s 2M $'/artifacts/o\\nv\\e[31m.bin' /artifacts/over.bin")["stderr"]
    assert grown.startswith("error\n" + note.format("o?v?[31m.bin (2097152 bytes), over.bin (2097152 bytes)"))
    many = server.bash("for i in $(seq 100 199); do truncate -s 2M /artifacts/$i; done")["stderr"]
    assert "104 (2097152 bytes) and 95 more." in many


def test_an_artifact_over_the_limit_is_not_linked(start_server):
    server = start_server("--artifact-limit-mb", "1")
    found = run(server, "cd /artifacts; truncate -s 1048576 fits.bin; truncate -s 1048577 over.bin")
    assert list(found) == ["artifact:///fits.bin"]


def test_a_name_is_encoded_in_its_uri(client):
    found = run(client, "echo x > '/artifacts/a b#c?d%é.txt'")
    assert list(found) == ["artifact:///a%20b%23c%3Fd%25%C3%A9.txt"]
    assert found["artifact:///a%20b%23c%3Fd%25%C3%A9.txt"]["name"] == "a b#c?d%é.txt"


def test_the_artifact_of_the_quickest_command_is_linked(client):
    """However soon a command writes, what was there before it has been looked at."""
    missing = [number for number in range(300) if not run(client, f"echo > /artifacts/{number % 10}.txt")]
    assert not missing


def test_a_failed_command_links_what_it_left(client):
    result = client.call_tool("execute_bash", command="echo x > /artifacts/partial.csv; exit 3")
    assert result["structuredContent"]["exit_code"] == 3
    assert list(links(result)) == ["artifact:///partial.csv"]
