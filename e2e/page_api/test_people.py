"""The people of the page: each sees nothing of another's."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from support import engine
from support.agent import Service, hashed_user
from support.page_api import PageAPI, of_type, text_of
from support.scripted import bash, calls, says, script

Serve = Callable[..., Service]
ANN, BOB, ROOT = "anns-key-0123456789", "bobs-key-0123456789", "roots-key-0123456789"


@pytest.fixture
def people(passing_users: list[str], user: str) -> tuple[str, str]:
    names = (f"{user[:40]}-ann", f"{user[:40]}-bob")
    passing_users.extend(names)
    return names


def test_two_users_have_nothing_in_common(serve: Serve, people: tuple[str, str]) -> None:
    ann_name, bob_name = people
    keys = f"{ann_name}:{ANN},{bob_name}:{BOB},*root:{ROOT}"
    turns = script(calls(bash("cat secret.txt; echo anns > secret.txt; cp secret.txt /artifacts/a.txt")), says("Done."))
    service = serve(turns, AGENT_API_KEYS=keys)
    ann, bob = PageAPI(service, key=ANN), PageAPI(service, user=ann_name, key=BOB)
    run, events = ann.work("hide it")
    assert [one["name"] for one in of_type(events, "tool_ended")[0]["artifacts"]] == ["a.txt"]
    assert bob.get("/ui/conversations")["conversations"] == []
    assert bob.get("/ui/artifacts")["artifacts"] == []
    for method, path in (
        ("GET", f"/ui/conversations/{run['conversation_id']}"),
        ("DELETE", f"/ui/conversations/{run['conversation_id']}"),
        ("GET", f"/ui/runs/{run['id']}/events"),
        ("DELETE", f"/ui/runs/{run['id']}"),
        ("GET", "/ui/artifacts/a.txt"),
        ("GET", f"/{ann_name}/artifacts/a.txt"),
    ):
        assert bob.ask(method, path).status == 404, path
    stolen = {"text": "more", "conversation_id": run["conversation_id"]}
    assert bob.ask("POST", "/ui/runs", stolen).status == 404
    _, events = bob.work("look for it")
    assert of_type(events, "tool_ended")[0]["stdout"]["head"] == ""
    assert engine.only_container(ann_name) != engine.only_container(bob_name)
    assert ann.ask("GET", "/ui/artifacts/a.txt").body == b"anns\n"
    assert PageAPI(service).ask("GET", "/ui/status").status == 401


def test_a_key_decides_whose_chat_it_is(serve: Serve, people: tuple[str, str]) -> None:
    ann_name, bob_name = people
    service = serve(
        script(calls(bash("echo $((6 * 7)) >> n; cat n")), says("{{result}}")),
        AGENT_API_KEYS=f"{ann_name}:{ANN},{bob_name}:{BOB}",
    )
    ask = {"model": "scripted", "messages": [{"role": "user", "content": "count"}]}
    for key, name, count in ((ANN, bob_name, 1), (BOB, bob_name, 1), (ANN, ann_name, 2)):
        answer = service.client(key).chat.completions.create(**ask, user=name)
        assert (answer.choices[0].message.content or "").count("42") == count


def test_without_bound_keys_a_header_names_the_user(serve: Serve, user: str, passing_users: list[str]) -> None:
    name = f"{user}@example.com"
    passing_users.append(hashed_user(name))
    service = serve(script(calls(bash("pwd")), says("Here.")))
    page = PageAPI(service, user=name)
    run, events = page.work("where?")
    assert text_of(events) == "Here."
    assert page.get("/ui/status")["user"] == {"name": hashed_user(name), "is_bound": False}
    assert engine.only_container(hashed_user(name))
    assert PageAPI(service).ask("GET", f"/ui/conversations/{run['conversation_id']}").status == 404


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_only_its_owner_can_read_a_conversation(serve: Serve, tmp_path: Path, umask: int) -> None:
    kept = tmp_path / "state" / "conversations"
    service = serve(script(says("A secret answer.")), umask=umask, AGENT_SESSIONS=str(kept))
    PageAPI(service).work("A secret question")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [kept, *kept.rglob("*")]}
    assert any("A secret question" in path.read_text() for path in modes if path.is_file())
    assert modes == {path: 0o700 if path.is_dir() else 0o600 for path in modes}
