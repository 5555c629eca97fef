"""Path tricks in every argument of tools and resources: what is reached is the sandbox's own, or nothing."""

import os
import secrets
import urllib.parse

import pytest
from support.stdio_client import RPCError, text_of

SECRET = f"secret-{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def host_file(tmp_path_factory):
    """A file of the host, where only the host has one."""
    file = tmp_path_factory.mktemp("host") / "secret.txt"
    file.write_text(SECRET)
    return file


def ways_to(path: str) -> list[str]:
    up = "../" * 12
    return [
        path,
        up + path,
        "/workspace/" + up + path,
        "/artifacts/" + up + path,
        "/tools/" + up + path,
        "/proc/self/root" + path,
        "/proc/1/root" + path,
        "/proc/1/cwd/" + up + path,
        "/proc/self/cwd/" + up + path,
        "/proc/thread-self/root/" + path,
        "/dev/fd/../root" + path,
        "//" + path,
        "/./" + path,
        "file://" + path,
        "~" + path,
        "-" + path,
        "\\\\host" + path,
        path.replace("/", "%2F"),
        path.replace("/", "∕"),
        path + "\n",
        path + "\0.txt",
        path + "/",
        path + "/.",
    ]


WAYS = range(len(ways_to("/x")))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: ascii(ways_to("/x")[way]))
def test_no_tool_reaches_a_file_of_the_host(client, host_file, way):
    path = ways_to(str(host_file))[way]
    before = sorted(os.listdir(host_file.parent))
    for tool, arguments in (
        ("write_file", {"file_path": path, "content": "overwritten"}),
        ("read_file", {"file_path": path}),
        ("read_docstring", {"file_path": path, "function_name": "f"}),
        ("read_docstring", {"file_path": "/tools/sympy_helpers.py", "function_name": path}),
    ):
        result = client.call_tool(tool, **arguments)
        assert SECRET not in text_of(result), (tool, path)
    assert host_file.read_text() == SECRET
    assert sorted(os.listdir(host_file.parent)) == before


@pytest.mark.parametrize("way", WAYS, ids=lambda way: ascii(ways_to("/x")[way]))
def test_no_link_of_the_sandbox_reaches_a_file_of_the_host(client, host_file, way):
    target = ways_to(str(host_file))[way]
    if "\0" in target:
        return
    place = f"/artifacts/link-{way}.txt"
    client.python(f"import os; os.symlink({target!r}, {place!r})")
    assert SECRET not in text_of(client.call_tool("read_file", file_path=place))
    listed = [resource["uri"] for resource in client.request("resources/list")["resources"]]
    uri = f"artifact:///link-{way}.txt"
    assert uri not in listed
    with pytest.raises(RPCError):
        client.request("resources/read", {"uri": uri})
    client.bash(f"rm -f {place}")


@pytest.mark.parametrize(
    "scheme", ["artifact:///", "skill://symbolic-computation/", "skill://", "artifact://", "file://"]
)
@pytest.mark.parametrize("method", ["resources/read", "resources/subscribe"])
def test_no_resource_is_a_file_of_the_host(client, host_file, scheme, method):
    for way in ways_to(str(host_file)):
        for path in (way, urllib.parse.quote(way, safe=""), urllib.parse.quote(way)):
            response = client.response(client.start(method, {"uri": scheme + path}, deliberate=True))
            assert SECRET not in str(response)
            if method == "resources/read":  # what is not there may be subscribed to: it may come
                assert "error" in response, scheme + path


def test_another_kind_of_file_is_no_way_to_wait_for_ever(client):
    """Pipes, devices and the like end a call at once, in every tool."""
    client.bash("mkfifo /tmp/pipe /artifacts/pipe; ln -s /dev/zero /tmp/zero; ln -s /dev/stdin /tmp/stdin")
    for path in ("/tmp/pipe", "/tmp/zero", "/tmp/stdin", "/dev/zero", "/dev/tty", "/proc/kmsg", "/proc/1/fd/0"):
        for tool, arguments in (("read_file", {}), ("read_docstring", {"function_name": "f"})):
            result = client.call_tool(tool, file_path=path, wait=60, **arguments)
            assert result.get("isError") or len(text_of(result)) < 40_000
    client.bash("rm -f /tmp/pipe /artifacts/pipe /tmp/zero /tmp/stdin")
