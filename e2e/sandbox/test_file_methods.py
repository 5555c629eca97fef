"""Files of any bytes through exec-mcp's own methods: announced, and written in chunks."""

from __future__ import annotations

import os
import signal

import pytest
from support.file_methods import ANNOUNCED, CHUNK, FILES, Files, encoded, sha256
from support.stdio_client import MODERN

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN]
EVERY_BYTE = bytes(range(256)) * 3


@pytest.fixture
def files(client):
    return Files(client)


def left_in(server, directory="/workspace"):
    """Every file below a directory, hidden ones too."""
    return server.bash(f"find {directory} -type f | sort")["stdout"].split("\n")[:-1]


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_announces_the_methods_and_has_them(start_server, revision):
    modern = revision == MODERN
    server = start_server(initialize=None if modern else revision)
    server.modern = modern
    if modern:
        announced = server.request("server/discover")["capabilities"]["extensions"]
    else:
        announced = start_server(initialize=None).initialize(revision)["capabilities"]["experimental"]
        assert announced == ANNOUNCED
    assert ANNOUNCED.items() <= announced.items()
    files = Files(server)
    name = f"every-byte-{revision}"
    stored = files.write(name, EVERY_BYTE)
    assert stored["path"] == f"/workspace/uploads/{name}"
    assert stored["size"] == len(EVERY_BYTE)
    assert files.read(stored["path"], length=100) == EVERY_BYTE
    assert files.list("/workspace/uploads")[name]["size"] == len(EVERY_BYTE)
    assert files.request("files/delete", path=stored["path"])["path"] == stored["path"]
    assert name not in files.list("/workspace/uploads")
    assert files.request("sandbox/status")["state"] == "idle"


def test_a_large_file_goes_through_in_chunks(client, files):
    data = os.urandom(2 * CHUNK + 12345)
    stored = files.write("large.bin", data)
    assert stored["sha256"] == sha256(data)
    assert client.bash("sha256sum < uploads/large.bin")["stdout"].split()[0] == sha256(data)
    assert files.read(stored["path"]) == data


def test_nothing_appears_before_the_end(client, files):
    before = left_in(client)
    upload = files.request("files/write", name="half.csv", data=encoded(b"first,"))
    assert upload["received"] == 6
    assert left_in(client) == before
    data = b"first,second"
    files.request(
        "files/write", upload=upload["upload"], offset=6, data=encoded(b"second"), final=True, sha256=sha256(data)
    )
    assert set(left_in(client)) - set(before) == {"/workspace/uploads/half.csv"}
    assert files.error("files/write", upload=upload["upload"], offset=12, data="").code == 404


def test_a_name_that_is_taken_gets_a_number(client, files):
    names = [files.write("taken.tar.gz", str(number).encode())["name"] for number in range(3)]
    assert names == ["taken.tar.gz", "taken.tar (2).gz", "taken.tar (3).gz"]
    assert client.bash("cd uploads; cat taken*")["stdout"] == "120"
    long = "n" * 251 + ".csv"
    first, second = (files.write(long, b"")["name"] for _ in range(2))
    assert first != second
    assert second.endswith(" (2).csv")
    refused = files.error("files/write", **files.whole("taken.tar.gz", b"new", existing="fail"))
    assert refused.code == 409
    replaced = files.write("taken.tar.gz", b"new", existing="replace")
    assert replaced["name"] == "taken.tar.gz"
    assert files.read(replaced["path"]) == b"new"


def test_two_at_once_get_two_names(client, files):
    pending = [client.start(FILES + "/write", files.whole("race.txt", bytes([65 + n]))) for n in range(8)]
    names = {client.result(one)["name"] for one in pending}
    assert len(names) == 8
    assert sorted(client.bash("cd uploads; cat race*")["stdout"]) == list("ABCDEFGH")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/cron.d/x", "x"),
        ("C:\\fakepath\\photo 1.png", "photo 1.png"),
        (".bashrc", "_bashrc"),
        ("-rf", "_rf"),
        ("a\nb\x1b[31m.txt", "a_b_[31m.txt"),
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("", "file"),
        ("..", "_."),
        ("x" * 5000 + ".csv", "x" * 196 + ".csv"),
        ("数据 👩‍🔬.csv", "数据 👩‍🔬.csv"),
        ("$(touch pwned); `id` 'q'.txt", "$(touch pwned); `id` 'q'.txt"),
    ],
)
def test_a_name_is_made_safe(files, name, stored):
    found = files.write(name, b"x", existing="replace")
    assert found["name"] == stored
    assert found["path"] == f"/workspace/uploads/{stored}"
    assert stored in files.list("/workspace/uploads")


def test_directories_are_made_in_the_workspace(client, files):
    stored = files.write("a.txt", b"deep", directory="/workspace/some/new/place")
    assert stored["path"] == "/workspace/some/new/place/a.txt"
    assert (
        client.bash("stat -c %a some/new some/new/place/a.txt; cat some/new/place/a.txt")["stdout"] == "755\n644\ndeep"
    )
    client.bash("ln -s some/new link; touch file")
    assert files.write("b.txt", b"", directory="/workspace/link")["path"] == "/workspace/link/b.txt"
    assert "/workspace/some/new/b.txt" in left_in(client)
    for directory in ("/artifacts", "/tmp", "/", "/workspace/../tmp", "/workspacetoo", "/workspace/file/x"):
        error = files.error("files/write", **files.whole("a", b"", directory=directory))
        assert error.code in (-32602, 403), directory
    assert client.bash("ls -A /artifacts /tmp | grep -x a")["exit_code"] == 1


def test_chunks_come_in_order_and_may_be_repeated(files):
    first = files.request("files/write", name="order", data=encoded(b"0123456789"))["upload"]

    def chunk(offset: int, data: bytes) -> dict:
        return {"upload": first, "offset": offset, "data": encoded(data)}

    assert files.request("files/write", **chunk(0, b"0123456789"))["received"] == 10
    assert files.request("files/write", **chunk(4, b"456"))["received"] == 10
    for offset, data in ((4, b"xyz"), (8, b"89ab"), (11, b"x"), (2**53, b"x"), (2**62, b"x")):
        error = files.error("files/write", **chunk(offset, data))
        assert error.code == 409
        assert "starts at offset 10" in error.message
    whole = b"0123456789ab"
    done = files.request("files/write", **chunk(10, b"ab"), final=True, sha256=sha256(whole))
    assert files.read(done["path"]) == whole


def test_wrong_bytes_leave_nothing(client, files):
    before = left_in(client)
    assert files.error("files/write", name="bad", data=encoded(b"x"), final=True, sha256=sha256(b"y")).code == 422
    assert files.error("files/write", **files.whole("bad", b"x", size=2)).code == 422
    assert files.error("files/write", **files.whole("bad", b"x") | {"data": "not base64!"}).code == -32602
    upload = files.request("files/write", name="bad", data=encoded(b"x"))["upload"]
    wrong = {"upload": upload, "offset": 1, "data": "", "final": True, "sha256": sha256(b"y")}
    assert files.error("files/write", **wrong).code == 422
    assert files.error("files/write", **wrong).code == 404
    assert left_in(client) == before


@pytest.mark.parametrize(
    "params",
    [
        {"data": ""},
        {"name": 5, "data": ""},
        {"name": "a", "data": 5},
        {"name": "a", "data": "", "offset": -1},
        {"name": "a", "data": "", "offset": 0.5},
        {"name": "a", "data": "", "offset": "0"},
        {"name": "a", "data": "", "final": "yes"},
        {"name": "a", "data": "", "final": True},
        {"name": "a", "data": "", "final": True, "sha256": "00"},
        {"name": "a", "data": "", "existing": "merge"},
        {"name": "a", "data": "", "directory": 5},
        {"name": "a" * 20_000, "data": ""},
    ],
)
def test_an_invalid_chunk_is_refused(files, params):
    assert files.error("files/write", **params).code == -32602


def test_sizes_are_bounded(client, files):
    before = left_in(client)
    assert files.error("files/write", name="a", data=encoded(bytes(CHUNK + 1))).code == 413
    chunk = encoded(bytes(CHUNK))
    upload = files.request("files/write", name="a", data=chunk)["upload"]
    for number in range(1, 8):
        files.request("files/write", upload=upload, offset=number * CHUNK, data=chunk)
    assert files.error("files/write", upload=upload, offset=8 * CHUNK, data=encoded(b"x")).code == 413
    files.request("files/cancel", upload=upload)
    uploads = [files.request("files/write", name="a", data="")["upload"] for _ in range(16)]
    assert files.error("files/write", name="a", data="").code == 503
    for one in uploads:
        files.request("files/cancel", upload=one)
    assert left_in(client) == before


def test_an_upload_belongs_to_its_user(client, files, fresh_user):
    upload = files.request("files/write", name="mine", data=encoded(b"x"))["upload"]
    other = Files(client, fresh_user)
    assert other.error("files/write", upload=upload, offset=1, data="").code == 404
    assert other.error("files/cancel", upload=upload).code == 404
    files.request("files/cancel", upload=upload)
    assert files.error("files/cancel", upload=upload).code == 404


def test_half_a_file_ends_with_the_sandbox(start_server):
    server = start_server()
    files = Files(server)
    server.bash("true")
    before = left_in(server)
    upload = files.request("files/write", name="half", data=encoded(b"x"))["upload"]
    files.request("sandbox/stop")
    assert files.error("files/write", upload=upload, offset=1, data="").code == 404
    assert left_in(server) == before


def test_a_server_that_is_killed_leaves_nothing_of_half_a_file(start_server):
    server = start_server()
    before = left_in(server)
    Files(server).request("files/write", name="half", data=encoded(bytes(CHUNK)))
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(60)
    assert left_in(start_server()) == before


@pytest.mark.alone
def test_a_full_workspace_takes_no_more(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace-limit", str(16 << 20))
    files = Files(server)
    files.write("before.bin", b"x")
    server.bash("head -c 40M /dev/zero > big; sleep 60", timeout=90, wait=120)
    server.wait_for_log("everything was stopped: ", 60)
    error = files.error("files/write", **files.whole("after.bin", b"x"))
    assert error.code == 403
    assert "limit" in error.message
    assert set(files.list("/workspace/uploads")) == {"before.bin"}
    assert files.request("files/delete", path="/workspace/uploads/before.bin")
    assert files.request("sandbox/status")["workspaceLimit"] == 16 << 20
