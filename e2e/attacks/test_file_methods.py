"""Attacks on exec-mcp's own methods for files: paths and links that lead out, links that change meanwhile."""

from __future__ import annotations

import base64
import secrets

import pytest
from support.file_methods import FILES, Files
from support.stdio_client import RPCError

SECRET = f"secret-{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def host_file(tmp_path_factory):
    """A file of the host, where only the host has one."""
    file = tmp_path_factory.mktemp("host") / "secret.txt"
    file.write_text(SECRET)
    return file


@pytest.fixture
def files(client):
    return Files(client)


def ways_to(path: str) -> list[str]:
    up = "../" * 12
    return [
        path,
        up + path,
        "/workspace/" + up + path,
        "/artifacts/" + up + path,
        "/output/" + up + path,
        "/workspace/./../workspace/../" + path,
        "/workspace" + path,
        "/proc/self/root" + path,
        "/proc/1/root" + path,
        "//" + path,
        "file://" + path,
        "file:///workspace/..%2F..%2F" + path,
        "artifact:///..%2F.." + path,
        "skill://x/../../.." + path,
        path + "\0.txt",
        "/workspace/\0" + path,
        "/workspaces" + path,
        "/Workspace" + path,
        "/workspace\u2215.." + path,
        "a" * 5000,
        "/workspace/" + "a/" * 4000,
    ]


@pytest.mark.parametrize("way", range(len(ways_to("/x"))), ids=lambda way: ascii(ways_to("/x")[way])[:60])
def test_no_path_leads_out(files, host_file, way):
    for target in (str(host_file), "/etc/passwd"):
        path = ways_to(target)[way]
        for method, params in (
            ("files/read", {"path": path}),
            ("files/list", {"path": path}),
            ("files/delete", {"path": path}),
        ):
            error = files.error(method, **params)
            assert error.code in (-32602, 403, 404), (method, error)
            assert SECRET not in error.message
    assert host_file.read_text() == SECRET


def test_no_link_leads_out(client, files):
    client.bash("""
        mkdir -p links/inside; cd links; echo in > inside/file
        ln -s /etc etc; ln -s ../../etc up; ln -s /etc/passwd passwd; ln -s loop loop; ln -s /proc/self/root root
        ln -s /artifacts art; echo a > /artifacts/a; ln -s inside/../inside good; ln -s /workspace/links/good better
        ln -s /tmp tmp; ln -s "$(printf '../%.0s' $(seq 1 1000))etc" far
        for n in $(seq 1 45); do ln -s chain$((n + 1)) chain$n; done; ln -s inside chain46
    """)
    for path in ("etc/passwd", "up/passwd", "passwd", "loop", "root/etc/passwd", "far/passwd", "chain1/file"):
        assert files.error("files/read", path=f"/workspace/links/{path}").code in (-32602, 403), path
    for path in ("etc", "up", "loop", "root", "root/etc", "tmp", "far"):
        assert files.error("files/list", path=f"/workspace/links/{path}").code in (-32602, 403), path
    for path in ("etc", "up", "tmp", "root/tmp", "loop", "passwd"):
        directory = f"/workspace/links/{path}"
        assert files.error("files/write", **files.whole("planted", b"x", directory=directory)).code in (-32602, 403)
    for path in ("good/file", "better/file", "chain20/file"):
        assert files.read(f"/workspace/links/{path}") == b"in\n"
    assert files.read("/workspace/links/art/a") == b"a\n"
    assert client.bash("ls /tmp/planted /etc/planted")["stdout"] == ""


def test_a_link_in_the_place_of_the_uploads_gives_nothing_away(client, files):
    client.bash("""
        rm -rf uploads kept; mkdir kept; echo k > kept/file; echo a > /artifacts/kept; ln -s kept uploads
    """)
    assert files.error("files/delete", path="/workspace/uploads/file").code in (-32602, 403)
    client.bash("rm uploads; mkdir uploads; ln -s ../kept uploads/dir; ln -s /workspace/kept /artifacts/dir")
    for path in ("/workspace/uploads/dir/file", "/artifacts/dir/file", "/workspace/uploads/../kept/file"):
        assert files.error("files/delete", path=path).code in (-32602, 403), path
    assert client.bash("cat kept/file /artifacts/kept")["stdout"] == "k\na\n"


def test_what_has_the_name_of_a_new_file_is_not_written_through(client, files):
    client.bash("""
        rm -rf uploads; mkdir uploads; cd uploads; echo old > ../victim; ln -s ../victim name; mkfifo pipe; mkdir dir
        ln -s /nowhere dangling
    """)
    for name in ("name", "pipe", "dangling", "dir"):
        assert files.write(name, b"new")["name"] == f"{name} (2)"
    for name in ("name", "pipe", "dangling"):
        assert files.error("files/write", **files.whole(name, b"new", existing="fail")).code == 409
        files.write(name, b"new", existing="replace")
        assert files.read(f"/workspace/uploads/{name}") == b"new"
    assert files.error("files/write", **files.whole("dir", b"new", existing="replace")).code == 403
    assert client.bash("cat victim; ls -A uploads | grep tmp")["stdout"] == "old\n"


FLIP = """
import ctypes, os
libc = ctypes.CDLL(None)
os.makedirs("/workspace/race/real", exist_ok=True)
os.chdir("/workspace/race")
for place in ("real", "."):
    open(place + "/passwd", "w").write("inside")
os.path.lexists("a") or os.symlink("/etc", "a")
os.path.lexists("b") or os.symlink("real", "b")
os.path.lexists("f") or os.symlink("/etc/passwd", "f")
os.path.lexists("g") or open("g", "w").write("inside")
os.path.lexists("d") or os.mkdir("d")
open("d/passwd", "w").write("inside")
os.path.lexists("e") or os.symlink("/etc", "e")
open("ready", "w")
while os.path.exists("ready"):
    for one, other in (("a", "b"), ("f", "g"), ("d", "e")):
        libc.renameat2(-100, one.encode(), -100, other.encode(), 2)  # RENAME_EXCHANGE
"""


def test_links_that_change_meanwhile_lead_nowhere_else(client, files):
    client.call_tool("write_file", file_path="/tmp/flip.py", content=FLIP)
    client.bash("python3 /tmp/flip.py > /dev/null 2>&1 & until [ -e race/ready ]; do sleep 0.01; done")
    outcomes = set()
    for _ in range(60):
        paths = ("a/passwd", "b/passwd", "d/passwd", "e/passwd", "f", "g")
        pending = [client.start(FILES + "/read", {"path": f"/workspace/race/{path}"}) for path in paths]
        pending += [client.start(FILES + "/list", {"path": f"/workspace/race/{path}"}) for path in ("a", "d")]
        for one in pending:
            try:
                found = client.result(one)
            except RPCError as error:
                assert error.code in (-32602, 403, 404)
                outcomes.add("refused")
                continue
            if "data" in found:
                assert base64.b64decode(found["data"]) == b"inside"
            else:
                assert {entry["name"] for entry in found["entries"]} == {"passwd"}
            outcomes.add("inside")
    client.bash("rm race/ready")
    assert outcomes == {"refused", "inside"}


def test_modes_that_lock_others_out_are_reported(client, files):
    client.bash("mkdir -p locked/in; echo x > locked/in/f; echo y > unreadable; chmod 0 locked unreadable")
    assert files.error("files/read", path="/workspace/locked/in/f").code == 403
    assert files.error("files/read", path="/workspace/unreadable").code == 403
    assert files.error("files/list", path="/workspace/locked").code == 403
    assert files.error("files/write", **files.whole("f", b"", directory="/workspace/locked/in")).code == 403
    client.bash("chmod 700 locked")
