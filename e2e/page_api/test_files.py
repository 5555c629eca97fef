"""Files through the page's routes: uploads, downloads, artifacts, previews."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Callable

import pytest
from support.agent import Service, wait_until_it_has_ended, wait_until_it_runs
from support.page_api import PageAPI, of_type, text_of
from support.scripted import bash, calls, says, script

Serve = Callable[..., Service]
HTML = "<script>document.title = 1</script><b>hi</b>"


@pytest.fixture
def bytes_of_any_kind() -> bytes:
    return random.Random(7).randbytes(3 << 20)


def test_bytes_go_both_ways(serve: Serve, bytes_of_any_kind: bytes) -> None:
    service = serve(script(calls(bash("sha256sum 'uploads/dätä (1).bin'")), says("{{result}}")))
    page = PageAPI(service)
    made = page.upload("dätä (1).bin", bytes_of_any_kind)
    assert made.status == 201, made.body
    path = "/workspace/uploads/dätä (1).bin"
    assert made.json == {"name": "dätä (1).bin", "path": path, "size": len(bytes_of_any_kind)}
    run, events = page.work("What is it?", attachments=[path])
    assert hashlib.sha256(bytes_of_any_kind).hexdigest() in text_of(events)
    assert path in service.model.bodies()[0]["messages"][-1]["content"]
    turn = page.conversation(run["conversation_id"])["turns"][0]
    assert turn["attachments"] == [{"name": "dätä (1).bin", "path": path, "size": len(bytes_of_any_kind)}]
    back = page.download(path)
    assert back.status == 200
    assert back.body == bytes_of_any_kind
    assert back.headers["Content-Disposition"].startswith("attachment;")
    assert back.headers["X-Content-Type-Options"] == "nosniff"


def test_a_name_that_is_taken_gets_a_number(serve: Serve) -> None:
    page = PageAPI(serve(script(says("x"))))
    first, second = page.upload("same.txt", b"one").json, page.upload("same.txt", b"two").json
    assert first["path"] != second["path"]
    assert page.download(first["path"]).body == b"one"
    assert page.download(second["path"]).body == b"two"
    listed = page.get("/ui/files?path=/workspace/uploads")
    assert {first["name"], second["name"]} <= {entry["name"] for entry in listed["entries"]}
    assert {entry["kind"] for entry in listed["entries"]} == {"file"}


# The last one is larger than the body of any other request may be.
@pytest.mark.parametrize("size", [0, 1, 12 << 20])
def test_uploads_of_every_size(serve: Serve, size: int) -> None:
    page = PageAPI(serve(script(says("x"))))
    content = bytes(size)
    made = page.upload("zeros.bin", content)
    assert (made.status, made.json["size"]) == (201, size)
    assert page.download(made.json["path"]).body == content


def test_too_large_an_upload_is_refused(serve: Serve) -> None:
    page = PageAPI(serve(script(says("x"))))
    answer = page.ask("PUT", "/ui/files/a", None, Content_Length=str((32 << 20) + 1))
    assert answer.status == 413


@pytest.mark.parametrize("path", ["/etc/passwd", "/workspace/../etc/passwd", "/proc/self/environ", "/workspace/none"])
def test_only_the_users_own_places_are_read(serve: Serve, path: str) -> None:
    page = PageAPI(serve(script(says("x"))))
    assert page.download(path).status in (400, 403, 404)


def test_artifacts_are_listed_packed_and_deleted(serve: Serve) -> None:
    make = "printf 'a,b\\n' > /artifacts/t.csv; head -c 100000 /dev/urandom > /artifacts/ä.bin; ln -s /etc /artifacts/l"
    change = "echo more >> /artifacts/t.csv"
    service = serve([[calls(bash(make)), says("Made.")], [calls(bash(change)), says("Changed.")]])
    page = PageAPI(service)
    run, events = page.work("make")
    made = {one["name"]: one for one in of_type(events, "tool_ended")[0]["artifacts"]}
    assert made["t.csv"]["change"] == "new"
    assert made["t.csv"]["size"] == 4
    _, events = page.work("change", conversation_id=run["conversation_id"])
    assert [(a["name"], a["change"]) for a in of_type(events, "tool_ended")[0]["artifacts"]] == [("t.csv", "changed")]
    listed = {one["name"]: one for one in page.get("/ui/artifacts")["artifacts"]}
    assert listed["t.csv"]["size"] == 9
    packed = page.ask("GET", "/ui/artifacts.zip")
    assert packed.status == 200
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        assert archive.testzip() is None
        assert archive.read("t.csv") == b"a,b\nmore\n"
        assert len(archive.read("ä.bin")) == 100_000
        assert all(one.compress_type == zipfile.ZIP_STORED for one in archive.infolist())
    shown = page.ask("GET", "/ui/artifacts/t.csv")
    assert shown.body == b"a,b\nmore\n"
    assert shown.headers["Content-Disposition"].startswith("attachment;")
    assert page.ask("DELETE", "/ui/artifacts/t.csv").status == 204
    assert "t.csv" not in {one["name"] for one in page.get("/ui/artifacts")["artifacts"]}
    assert page.ask("DELETE", "/ui/artifacts/t.csv").status == 404


def test_a_preview_opens_once(serve: Serve) -> None:
    command = f"printf %s '{HTML}' > /artifacts/p.html; cp /artifacts/p.html /workspace/w.html"
    service = serve(script(calls(bash(command)), says("Made.")))
    page = PageAPI(service)
    page.work("make a page")
    frame = {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"}
    for source in ({"artifact": "p.html"}, {"path": "/workspace/w.html"}):
        made = page.ask("POST", "/ui/previews", source)
        assert made.status == 201
        shown = page.ask("GET", made.json["url"], **frame)
        assert shown.body.decode() == HTML
        assert shown.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "X-Frame-Options" not in shown.headers
        assert page.ask("GET", made.json["url"], **frame).status == 404
    scripted = page.ask("POST", "/ui/previews", {"artifact": "p.html", "scripts": True})
    assert scripted.status == 201
    policy = page.ask("GET", scripted.json["url"], **frame).headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    gone = page.ask("POST", "/ui/previews", {"artifact": "p.html"}).json["url"]
    for fields in ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, {"Origin": "http://evil.example"}):
        assert page.ask("GET", gone, **fields).status == 403


def test_keys_turn_scripts_off(serve: Serve) -> None:
    key = "a-key-0123456789abcdef"
    page = PageAPI(serve(script(says("x")), AGENT_API_KEYS=key), key=key)
    assert page.get("/ui/status")["artifact_scripts"] == "never"
    assert page.ask("POST", "/ui/previews", {"artifact": "p.html", "scripts": True}).status == 403


def test_ending_the_sandbox_ends_what_runs_in_it(serve: Serve, user: str) -> None:
    service = serve(script(calls(bash("sleep 3598 & disown; echo kept > kept.txt")), says("Started.")))
    page = PageAPI(service)
    assert page.get("/ui/status")["features"] == {"files": True, "sandbox": True}
    page.work("start")
    wait_until_it_runs("sleep 3598", user)
    assert page.get("/ui/status")["sandbox"]["state"] in ("idle", "busy")
    assert user in {one["user"] for one in page.get("/ui/sandboxes")}
    assert page.ask("DELETE", "/ui/sandbox").status == 204
    wait_until_it_has_ended("sleep 3598", user)
    assert page.get("/ui/status")["sandbox"]["state"] == "none"
    # The files stay.
    assert page.download("/workspace/kept.txt").body == b"kept\n"
