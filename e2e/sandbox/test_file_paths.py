"""Paths as models write them, in every tool that takes one."""

import pytest
from support.stdio_client import text_of

HOME = "/home/coderunner"
UNDERSTOOD = [
    ("~/notes.txt", f"{HOME}/notes.txt"),
    ("~/new/dir/notes.txt", f"{HOME}/new/dir/notes.txt"),
    ("file:///workspace/uri%20a.txt", "/workspace/uri a.txt"),
    ("file://localhost/workspace/uri.txt", "/workspace/uri.txt"),
    ("artifact:///a%20table.csv", "/artifacts/a table.csv"),
    ("./~/literal.txt", "/workspace/~/literal.txt"),
    ("./$HOME/literal.txt", "/workspace/$HOME/literal.txt"),
    ("a:b.txt", "/workspace/a:b.txt"),
]
REFUSED = [
    "~root/x.txt",
    "$HOME/n2.txt",
    "${HOME}/n2.txt",
    "sandbox:/workspace/x.txt",
    "s3://bucket/x.txt",
    "https://example.org/x.txt",
    "C:\\Users\\x.txt",
    "file://server/share/x.txt",
    "artifact:///../x.txt",
]


@pytest.fixture(scope="module", autouse=True)
def empty_workspace(client):
    client.bash("find /workspace -mindepth 1 -delete")


@pytest.mark.parametrize(("path", "place"), UNDERSTOOD)
def test_a_path_means_the_same_to_every_tool(client, path, place):
    source = f'def f():\n    """At {place}."""\n'
    result = client.call_tool("write_file", file_path=path, content=source)
    assert text_of(result) == f"Successfully wrote {len(source)} bytes to {place}"
    assert client.bash(f"cat '{place}'")["stdout"] == source
    assert client.call_tool("read_file", file_path=path)["content"][0]["text"] == source
    result = client.call_tool("read_docstring", file_path=path, function_name="f")
    assert text_of(result) == f"At {place}."
    client.bash(f"rm '{place}'")
    assert place in text_of(client.call_tool("read_file", file_path=path))


@pytest.mark.parametrize("path", REFUSED)
def test_what_means_nothing_is_refused_in_words_and_makes_nothing(client, path):
    before = client.bash("find /workspace")["stdout"]
    for tool, arguments in (
        ("write_file", {"content": "x"}),
        ("read_file", {}),
        ("read_docstring", {"function_name": "f"}),
    ):
        result = client.call_tool(tool, file_path=path, **arguments)
        assert result["isError"] is True
        assert path in text_of(result)
    assert client.bash("find /workspace")["stdout"] == before


def test_a_file_that_is_called_like_that_can_be_edited(client):
    client.bash("mkdir '$x' s3:; echo one > '$x/y'; echo two > s3:/z")
    assert client.call_tool("read_file", file_path="$x/y")["content"][0]["text"] == "one\n"
    assert client.call_tool("read_file", file_path="s3:/z")["content"][0]["text"] == "two\n"
    client.call_tool("write_file", file_path="$x/y", content="new\n")
    assert client.bash("cat '$x/y'")["stdout"] == "new\n"


def test_an_artifacts_link_is_read_with_the_tool(client):
    result = client.call_tool("execute_bash", command="echo 1,2 > '/artifacts/of the call.csv'")
    (link,) = (block["uri"] for block in result["content"] if block["type"] == "resource_link")
    assert client.call_tool("read_file", file_path=link)["content"][0]["text"] == "1,2\n"


def test_a_skills_file_is_read_by_its_uri_and_not_written(client):
    path = "skill://symbolic-computation/SKILL.md"
    assert client.call_tool("read_file", file_path=path)["content"][0]["text"].startswith("---\n")
    result = client.call_tool("write_file", file_path=path, content="x")
    assert result["isError"] is True
    assert "/skills/symbolic-computation/SKILL.md" in text_of(result)
