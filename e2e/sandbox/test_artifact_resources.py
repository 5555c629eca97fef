"""Artifacts as resources: what may be read, what may not, and that every byte comes through."""

import base64
import hashlib
import json
import urllib.parse

import pytest
from support import engine
from support.resources import artifacts, bytes_of, content_of, list_resources, read
from support.samples import BYTES, PIXEL
from support.stdio_client import RPCError

NAMES = [
    "plain.txt",
    "with space.txt",
    "ünïcödé 日本語 🚀.txt",
    "percent%41.txt",
    "hash#query?.txt",
    "new\nline.txt",
    "tab\tand'quote\".txt",
    "-dash",
    "a&b=c;d.txt",
    "trailing ",
    "semi:colon",
    "back\\slash",
    "no-extension",
    "n" * 255,
]


@pytest.fixture(scope="module")
def server(client):
    return client


@pytest.fixture(autouse=True)
def empty_artifacts(server):
    server.bash("find /artifacts -mindepth 1 -delete")


def set_mode(user: str, mode: str) -> None:
    """Changes the directory's mode, which only root of the host can: it belongs to nobody inside."""
    volume = f"{engine.NAME_PREFIX}{user}-artifacts:/artifacts"
    chmod = ["--entrypoint", "chmod", engine.IMAGE, mode, "/artifacts"]
    engine.run("run", "--rm", "--user", "0", "--volume", volume, *chmod)


def uri_of(name: str) -> str:
    return "artifact:///" + urllib.parse.quote(name, safe="")


def put(server, name: str, content: bytes) -> None:
    """Writes an artifact without a shell, so that its name may be anything."""
    program = f"""
import base64
open("/artifacts/" + {name!r}, "wb").write(base64.b64decode("{base64.b64encode(content).decode()}"))
"""
    assert server.python(program)["exit_code"] == 0


def refused(server, uri: str) -> str:
    """Reads what is no artifact and returns why it is refused."""
    for modern, code in ((False, -32002), (True, -32602)):
        error = server.error("resources/read", {"uri": uri}, modern=modern)
        assert error.code == code, error
        assert error.data["uri"] == uri
    return error.message


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_any_name_is_listed_and_read(server, name):
    put(server, name, b"found")
    listed = list_resources(server)
    assert [resource["name"] for uri, resource in listed.items() if uri == uri_of(name)] == [name]
    assert read(server, uri_of(name)) == b"found"


def test_a_name_that_is_no_utf8_harms_nobody(server):
    server.python(r'open(b"/artifacts/bad\xff.txt", "wb").write(b"x"); open("/artifacts/good.txt", "wb").write(b"y")')
    assert "artifact:///good.txt" in artifacts(server)
    assert read(server, "artifact:///good.txt") == b"y"
    refused(server, "artifact:///bad%FF.txt")


def test_more_of_a_uri_may_be_encoded_than_has_to_be(server):
    put(server, "a-b.txt", b"found")
    assert read(server, "artifact:///%61-%62%2Etxt") == b"found"
    assert read(server, "artifact:///%61%2d%62.txt") == b"found"


@pytest.mark.parametrize(
    "content",
    [
        PIXEL,
        BYTES,
        b"",
        b"\0",
        b"text\n",
        "ünïcödé 🚀\u2028\r\n".encode(),
        b"\xef\xbb\xbfwith a mark",
        b"\xff\xfe",
        b"half a character \xc3",
        b"PK\x05\x06" + bytes(18),
    ],
    ids=range(10),
)
def test_every_byte_comes_through(server, content):
    put(server, "content.bin", content)
    for modern in (False, True):
        assert read(server, "artifact:///content.bin", modern=modern) == content
    assert list_resources(server)["artifact:///content.bin"]["size"] == len(content)


def test_five_megabytes_of_noise_come_through(server):
    program = """
import hashlib, os
content = os.urandom(5_000_000)
open("/artifacts/noise.bin", "wb").write(content)
print(hashlib.sha256(content).hexdigest())
"""
    digest = server.python(program)["stdout"].strip()
    assert hashlib.sha256(read(server, "artifact:///noise.bin")).hexdigest() == digest


def test_a_chart_and_an_archive_have_their_types(server):
    program = """
import json, zipfile
import matplotlib.pyplot as plt
plt.plot([1, 3, 2]); plt.savefig("/artifacts/chart.png"); plt.savefig("/artifacts/chart.svg")
zipfile.ZipFile("/artifacts/all.zip", "w").writestr("a.txt", "a")
json.dump({}, open("/artifacts/data.json", "w"))
open("/artifacts/really-a.txt", "wb").write(open("/artifacts/chart.png", "rb").read())
"""
    assert server.python(program, timeout=120)["exit_code"] == 0
    expected = {
        "chart.png": "image/png",
        "chart.svg": "image/svg+xml",
        "all.zip": "application/zip",
        "data.json": "application/json",
        "really-a.txt": "image/png",
    }
    for name, kind in expected.items():
        content = content_of(server.request("resources/read", {"uri": uri_of(name)}))
        assert content["mimeType"] == kind, name
    assert bytes_of(content).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("ln -s /etc/passwd out.txt", "out.txt"),
        ("ln -s ../../etc/passwd relative.txt", "relative.txt"),
        ("ln -s /workspace/secret.txt workspace.txt", "workspace.txt"),
        ("ln -s /proc/1/environ proc.txt", "proc.txt"),
        ("ln -s /artifacts/none dangling.txt", "dangling.txt"),
        ("ln -s loop.txt loop.txt", "loop.txt"),
        ("ln -s b.txt a.txt; ln -s a.txt b.txt", "a.txt"),
        ("ln -s /dev/zero zero.bin", "zero.bin"),
        ("mkdir folder.txt", "folder.txt"),
        ("mkfifo pipe.txt", "pipe.txt"),
        ("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket.txt\")'", "socket.txt"),
        ("echo hidden > .hidden", ".hidden"),
        ("mkdir sub; echo nested > sub/nested.txt", "sub"),
        ("ln -s .hidden unhidden.txt; echo hidden > .hidden", "unhidden.txt"),
        ("mkdir sub; echo nested > sub/nested.txt; ln -s sub/nested.txt linked.txt", "linked.txt"),
        ("ln -s /artifacts self", "self"),
        ("true", "none.txt"),
    ],
)
def test_what_is_no_artifact_is_neither_listed_nor_read(server, command, name):
    server.bash("echo secret > /workspace/secret.txt")
    assert server.bash(f"cd /artifacts; {command}")["exit_code"] == 0
    assert uri_of(name) not in artifacts(server)
    refused(server, uri_of(name))


def test_a_link_to_another_artifact_is_one(server):
    server.bash("cd /artifacts; echo found > real.txt; ln -s real.txt short.txt; ln -s /artifacts/real.txt long.txt")
    assert artifacts(server) == ["artifact:///long.txt", "artifact:///real.txt", "artifact:///short.txt"]
    for name in ("short.txt", "long.txt"):
        assert read(server, uri_of(name)) == b"found\n"


@pytest.mark.parametrize(
    "uri",
    [
        "artifact:///../etc/passwd",
        "artifact:///%2e%2e/etc/passwd",
        "artifact:///..%2F..%2Fetc%2Fpasswd",
        "artifact:///..",
        "artifact:///.",
        "artifact:///%2e",
        "artifact:///",
        "artifact://",
        "artifact://host/a.txt",
        "artifact:///sub/nested.txt",
        "artifact:///sub%2Fnested.txt",
        "artifact:////etc/passwd",
        "artifact:///%2Fetc%2Fpasswd",
        "artifact:///a.txt%00",
        "artifact:///a.txt/",
        "artifact:///a.txt?x",
        "artifact:///a.txt#x",
        "artifact:///a%2",
        "artifact:///a%zz",
        "artifact:///" + "n" * 256,
        "ARTIFACT:///a.txt/..",
        "artifact:/a.txt",
        "artifact:a.txt",
        "file:///artifacts/a.txt",
        "/artifacts/a.txt",
    ],
)
def test_a_uri_that_leads_elsewhere_is_refused(server, uri):
    server.bash("cd /artifacts; mkdir sub; echo nested > sub/nested.txt; echo a > a.txt")
    refused(server, uri)


def test_a_fifo_holds_nobody_up(server):
    server.bash("mkfifo /artifacts/pipe.txt; echo a > /artifacts/a.txt")
    calls = [server.start("resources/read", {"uri": "artifact:///pipe.txt"}) for _ in range(20)]
    for call in calls:
        assert "error" in server.response(call, 60)
    assert read(server, "artifact:///a.txt") == b"a\n"
    assert server.bash("echo on")["stdout"] == "on\n"


def test_what_is_larger_than_the_limit_is_refused_with_size_and_limit(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--artifact-limit-mb", "1")
    server.bash("cd /artifacts; truncate -s 1048576 fits.bin; truncate -s 1048577 over.bin")
    assert artifacts(server) == ["artifact:///fits.bin"]
    assert read(server, "artifact:///fits.bin") == bytes(1048576)
    message = refused(server, "artifact:///over.bin")
    assert "1048577" in message.replace(",", "") or "1 M" in message, message


def test_a_file_that_grows_while_it_is_read_is_bounded(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--artifact-limit-mb", "1")
    server.bash("cd /artifacts; : > log.txt; (while :; do echo 0123456789abcdef >> log.txt; done) > /dev/null 2>&1 &")
    sizes = []
    for _ in range(40):
        try:
            content = read(server, "artifact:///log.txt")
        except RPCError as error:
            assert error.code == -32002  # it has grown over the limit
            break
        assert content == (b"0123456789abcdef\n" * (len(content) // 17 + 1))[: len(content)]
        assert len(content) <= 1048576
        sizes.append(len(content))
    assert sizes == sorted(sizes)
    server.bash("pkill -f 0123456789abcdef; true")


def test_a_file_that_is_replaced_all_the_time_is_always_one_of_its_contents(server):
    server.bash("echo start > /artifacts/turn.txt")
    program = """
import os, time
end = time.monotonic() + 4
while time.monotonic() < end:
    for target in ("/etc/passwd", None):
        if target:
            os.symlink(target, "/artifacts/.next")
        else:
            open("/artifacts/.next", "w").write("mine")
        os.replace("/artifacts/.next", "/artifacts/turn.txt")
"""
    turning = server.start_tool("execute_bash", command=f"python3 - <<'END'\n{program}\nEND", timeout=60)
    for _ in range(200):
        try:
            assert read(server, "artifact:///turn.txt") in (b"mine", b"start\n", b""), "a link was followed out"
        except RPCError as error:
            assert error.code == -32002
    assert server.result(turning)["structuredContent"]["exit_code"] == 0


def test_an_unreadable_directory_is_an_empty_list(server, user):
    assert server.bash("echo a > /artifacts/a.txt; chmod 0 /artifacts")["exit_code"] != 0
    set_mode(user, "0700")
    try:
        assert artifacts(server) == []
        refused(server, "artifact:///a.txt")
    finally:
        set_mode(user, "0777")
    assert artifacts(server) == ["artifact:///a.txt"]


def test_an_unreadable_file_is_refused(server):
    server.bash("echo a > /artifacts/a.txt; chmod 0 /artifacts/a.txt")
    refused(server, "artifact:///a.txt")


def test_thousands_of_files_are_listed_in_bounds(server):
    server.bash("cd /artifacts; seq 20000 | xargs touch", timeout=120)
    listed = artifacts(server)
    assert 100 <= len(listed) <= 20000
    assert read(server, listed[0]) == b""


def test_the_other_users_artifacts_are_not_there(server, fresh_user, passing_users):
    other = {"x-user-id": f"{fresh_user}.other"}
    passing_users.append(other["x-user-id"])
    server.bash("echo theirs > /artifacts/theirs.txt", meta=other)
    assert artifacts(server) == []
    refused(server, "artifact:///theirs.txt")
    assert read(server, "artifact:///theirs.txt", meta=other) == b"theirs\n"


def test_many_reads_at_once_are_not_mixed_up(server):
    server.bash("cd /artifacts; for i in $(seq 40); do yes $i | head -c 300000 > $i.txt; done")
    calls = [server.start("resources/read", {"uri": f"artifact:///{n}.txt"}, modern=n % 2 == 0) for n in range(1, 41)]
    for number, call in enumerate(calls, 1):
        content = bytes_of(content_of(server.result(call)))
        assert len(content) == 300000
        assert set(content.split(b"\n")[:-1]) == {str(number).encode()}


def test_a_cancelled_read_is_not_answered(server):
    server.bash("truncate -s 20M /artifacts/large.bin")
    # In one write, so that the read cannot be over before its cancellation comes.
    messages = (
        {"id": "read", "method": "resources/read", "params": {"uri": "artifact:///large.bin"}},
        {"method": "notifications/cancelled", "params": {"requestId": "read"}},
    )
    server.send_bytes(b"".join(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n" for message in messages))
    assert server.request("ping") == {}
    assert read(server, "artifact:///large.bin") == bytes(20 * 1024 * 1024)
    assert not [message for message in server.messages if message.get("id") == "read"]


def test_without_an_engine_skills_are_there_and_artifacts_say_what_is_missing(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--engine", "/nonexistent/docker")
    assert list_resources(server)
    assert artifacts(server) == []
    with pytest.raises(RPCError) as error:
        read(server, "artifact:///a.txt")
    assert error.value.code == -32603
    assert "/nonexistent/docker" in error.value.message


def test_a_sandbox_that_ends_during_a_read_fails_that_read_alone(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("truncate -s 40M /artifacts/large.bin; echo small > /artifacts/small.txt")
    container = engine.only_container(fresh_user)
    calls = [server.start("resources/read", {"uri": "artifact:///large.bin"}) for _ in range(10)]
    engine.run("kill", container)
    responses = [server.response(call) for call in calls]
    errors = [response["error"] for response in responses if "error" in response]
    assert {error["code"] for error in errors} <= {-32603}
    assert all("sandbox" in error["message"] for error in errors)
    assert engine.poll(lambda: artifacts(server) == []) is not None
    assert read(server, "artifact:///small.txt") == b"small\n"
