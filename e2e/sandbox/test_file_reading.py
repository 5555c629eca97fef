"""Files through exec-mcp's own methods: read, listed, deleted; the state of a sandbox; audit log and filter."""

from __future__ import annotations

import json

import pytest
from support import engine
from support.file_methods import FILES, Files, encoded, sha256
from support.stdio_client import RPCError


@pytest.fixture
def files(client):
    return Files(client)


def test_parts_of_a_file(client, files):
    client.bash("printf 0123456789 > ten; mkfifo pipe; mkdir dir")

    def part(**params) -> str:
        return files.request("files/read", path="/workspace/ten", **params)["data"]

    assert files.read("/workspace/ten", length=3) == b"0123456789"
    assert part(offset=8, length=100) == encoded(b"89")
    for offset in (10, 11, 2**40, 2**53):
        assert part(offset=offset) == ""
    assert part(offset=0, length=0) == ""
    assert files.error("files/read", path="/workspace/ten", offset=2**62).code == -32602
    assert files.error("files/read", path="/workspace/ten", length=-1).code == -32602
    assert files.error("files/read", path="/workspace/missing").code == 404
    for path in ("/workspace/pipe", "/workspace/dir", "/workspace", "/workspace/ten/x", "/dev/null", "/etc/passwd"):
        assert files.error("files/read", path=path).code in (403, -32602), path


def test_the_version_changes_with_the_file(client, files):
    def version():
        return files.request("files/read", path="/workspace/v", length=1)["version"]

    client.bash("printf a > v")
    first = version()
    assert version() == first
    client.bash("printf b > v")
    assert version() != first


def test_the_media_type_is_reported(client, files):
    client.bash("printf '\\x89PNG\\r\\n\\x1a\\n' > picture; printf 'a,b\\n' > t.csv; printf hello > text")
    types = [files.request("files/read", path=f"/workspace/{n}")["mimeType"] for n in ("picture", "t.csv", "text")]
    assert types == ["image/png", "text/csv", "text/plain"]


def test_a_directory_is_listed(client, files):
    client.bash("""
        mkdir -p listed/dir; cd listed; printf abc > file.txt; ln -s /etc/passwd link; mkfifo pipe
        printf x > $'\\xff\\xfe'
        touch -d 2020-01-02T03:04:05Z file.txt; touch .hidden
    """)
    found = files.list("/workspace/listed")
    kinds = {name: entry["kind"] for name, entry in found.items()}
    odd = "\ufffd\ufffd"
    assert kinds == {
        ".hidden": "file", "dir": "directory", "file.txt": "file", "link": "link", "pipe": "other", odd: "file",
    }  # fmt: skip
    file = found["file.txt"]
    assert (file["size"], file["modified"]) == (3, "2020-01-02T03:04:05Z")
    assert file["path"] == "/workspace/listed/file.txt"
    assert found[odd]["path"] == "file:///workspace/listed/%FF%FE"
    assert files.read(found[odd]["path"]) == b"x"
    assert files.error("files/list", path="/workspace/missing").code == 404
    assert files.error("files/list", path="/workspace/listed/file.txt").code == 403


def test_a_long_list_is_cut(client, files):
    client.bash("mkdir many; cd many; for n in $(seq 1000 2200); do : > $n; done")
    result = files.request("files/list", path="/workspace/many")
    assert [entry["name"] for entry in result["entries"]] == [str(n) for n in range(1000, 2000)]
    assert result["truncated"] is True


def test_files_are_deleted_where_people_put_and_find_them(client, files):
    files.write("gone.txt", b"x")
    client.bash(
        "echo a > /artifacts/gone.csv; echo k > kept; ln -s /workspace/kept /artifacts/link; mkdir -p uploads/dir"
    )
    for path in ("/workspace/uploads/gone.txt", "/artifacts/gone.csv", "/artifacts/link"):
        files.request("files/delete", path=path)
        assert files.error("files/delete", path=path).code == 404
    for path in ("/workspace/kept", "/workspace/uploads/dir", "/workspace/uploads", "/artifacts", "/etc/passwd"):
        assert files.error("files/delete", path=path).code in (403, -32602), path
    assert client.bash("cat kept; ls -d uploads/dir")["stdout"] == "k\nuploads/dir\n"


# The sandbox


def test_the_state_of_a_sandbox(start_server, fresh_user, user):
    server = start_server()
    mine, other = Files(server), Files(server, fresh_user)
    assert mine.request("sandbox/status")["state"] == "none"
    assert other.request("sandbox/status")["state"] == "none"
    assert mine.request("sandbox/list")["sandboxes"] == []
    assert mine.request("sandbox/stop") == {"stopped": False}
    server.bash("head -c 1M /dev/urandom > /workspace/state.bin")
    status = mine.request("sandbox/status")
    assert status["state"] == "idle"
    assert 1 << 20 <= status["workspaceBytes"] < status["workspaceLimit"] == 2 << 30
    assert status["container"].startswith(f"mcp-executor-{user}-")
    assert other.request("sandbox/status")["state"] == "none"
    assert [one["user"] for one in mine.request("sandbox/list")["sandboxes"]] == [user]
    server.bash("sleep 600 > /dev/null 2>&1 &")
    assert engine.poll(lambda: mine.request("sandbox/status")["state"] == "busy") is not None


def test_a_stopped_sandbox_is_gone_with_all_that_runs(start_server, user):
    server = start_server()
    files = Files(server)
    running = server.start("tools/call", {"name": "execute_bash", "arguments": {"command": "echo on > on; sleep 600"}})
    assert engine.poll(lambda: "on" in files.list("/workspace")) is not None
    assert files.request("sandbox/status")["state"] == "busy"
    assert files.request("sandbox/stop") == {"stopped": True}
    assert server.result(running)["isError"] is True
    assert files.request("sandbox/status")["state"] == "none"
    again = server.bash("cat on; rm on")
    assert again["stdout"] == "on\n"
    assert "its user asked for that" in again["stderr"]


# What is recorded, and what is said of commands


def test_each_call_has_its_line_in_the_audit_log(start_server, user, tmp_path):
    log = tmp_path / "calls.jsonl"
    server = start_server("--audit-log", str(log))
    files = Files(server)
    secret = b"not for the log" * 20
    stored = files.write("audited.txt", secret)
    files.read(stored["path"])
    files.list("/workspace/uploads")
    files.request("files/delete", path=stored["path"])
    files.error("files/read", path=stored["path"])
    files.error("files/write", name="x", data=5)
    files.request("sandbox/stop")
    assert engine.poll(lambda: log.read_bytes().count(b"\n") >= 7) is not None, log.read_text()
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["tool"].removeprefix("exec-mcp/") for entry in entries if entry["outcome"] == "ok"] == [
        "files/write", "files/read", "files/list", "files/delete", "sandbox/stop",
    ]  # fmt: skip
    by_tool = {entry["tool"]: entry for entry in entries if entry["outcome"] == "ok"}
    assert by_tool[FILES + "/write"]["arguments"] == {
        "name": "audited.txt", "offset": 0, "final": True, "size": 300, "sha256": sha256(secret), "data_bytes": 300,
    }  # fmt: skip
    assert by_tool[FILES + "/read"]["bytes"] == 300
    assert {entry["user"] for entry in entries} == {user}
    assert [entry["outcome"] for entry in entries].count("error") == 2
    assert encoded(secret)[:40] not in log.read_text()


def test_private_data_leaves_a_file_as_tokens(start_server, fresh_user, tmp_path):
    log = tmp_path / "calls.jsonl"
    server = start_server("--user", fresh_user, "--pii", "all", "--audit-log", str(log))
    files = Files(server)
    mail = "ada.lovelace@analytical.org"
    text = f"name,mail\nAda,{mail}\n".encode()
    stored = files.write(f"{mail}.csv", text)
    assert mail not in json.dumps(stored)
    found = files.read(stored["path"], length=5)
    token = found.decode().split(",")[-1].strip()
    assert token.startswith("<email-")
    assert found == text.replace(mail.encode(), token.encode())
    assert stored["name"] == f"{token}.csv"
    listed = files.list("/workspace/uploads")
    assert list(listed) == [f"{token}.csv"]
    assert files.read(listed[f"{token}.csv"]["path"]) == found
    binary = files.write("b.bin", b"\0" + text)
    assert files.read(binary["path"]) == b"\0" + text
    files.request("files/delete", path=stored["path"])
    received = b"".join(line.raw for line in server.journal if line.direction == "server")
    assert b"lovelace" not in received
    assert "lovelace" not in log.read_text()
    assert sha256(text) not in log.read_text()


def report_of(server, command):
    result = server.call_tool("execute_bash", command=command)
    return result.get("_meta", {}).get("exec-mcp/command"), result["structuredContent"]


def test_a_result_says_where_the_rest_is_and_what_became_of_artifacts(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--output-limit", "4096")
    files = Files(server)
    assert report_of(server, "echo ordinary")[0] is None
    report, content = report_of(server, "seq 100000; echo err >&2")
    whole = "".join(f"{n}\n" for n in range(1, 100001)).encode()
    assert content["truncated"] is True
    assert set(report) == {"stdout"}
    assert (report["stdout"]["bytes"], report["stdout"]["savedBytes"]) == (len(whole), len(whole))
    assert files.read(report["stdout"]["path"]) == whole
    report, _ = report_of(server, "echo 1 > /artifacts/a.txt; echo 1 > /artifacts/b.txt")
    assert [(one["name"], one["size"], one["change"]) for one in report["artifacts"]] == [
        ("a.txt", 2, "new"),
        ("b.txt", 2, "new"),
    ]
    report, _ = report_of(server, "echo more >> /artifacts/a.txt")
    (changed,) = report["artifacts"]
    assert (changed["name"], changed["change"]) == ("a.txt", "changed")
    assert files.request("files/read", path="/artifacts/a.txt")["version"] == changed["version"]


def test_methods_that_are_not_there_are_unknown(client):
    for method in ("exec-mcp/files/move", "exec-mcp/files", "exec-mcp/sandbox/start"):
        assert client.error(method, {}).code == -32601


def test_an_invalid_user_name_is_refused(client):
    with pytest.raises(RPCError) as refusal:
        Files(client, "../x").request("sandbox/status")
    assert refusal.value.code == -32602
