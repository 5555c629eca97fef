"""Paging: every list in pages that fit together, whatever happens between two of them."""

import pytest
from support.resources import artifacts, list_resources, pages
from support.skill_files import write_skill

CURSORS = ["", "nonsense", "0", "100", "-1", "x" * 10_000, "bnVsbA==", "ünïcödé", 0, 100, True, [], {}]
LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]


@pytest.fixture(scope="module")
def skills(tmp_path_factory):
    directory = tmp_path_factory.mktemp("skills")
    write_skill(directory, "many", files={f"files/{number:03}.txt": b"x" for number in range(249)})
    return directory


@pytest.fixture(params=["legacy", "modern"])
def server(request, start_server, skills):
    """A server with 250 resources."""
    modern = request.param == "modern"
    return start_server("--skills", str(skills), initialize=None if modern else "2025-11-25", modern=modern)


def uris_of(page) -> list[str]:
    return [resource["uri"] for resource in page["resources"]]


def test_a_long_list_comes_in_pages_of_a_hundred(server):
    found = pages(server, "resources/list")
    assert [len(page["resources"]) for page in found] == [100, 100, 50]
    uris = [uri for page in found for uri in uris_of(page)]
    assert uris == sorted(uris)
    assert len(set(uris)) == 250
    assert "nextCursor" not in found[-1]


def test_a_page_can_be_asked_for_again(server):
    first, second, _ = pages(server, "resources/list")
    again = server.request("resources/list", {"cursor": first["nextCursor"]})
    assert uris_of(again) == uris_of(second)


def test_what_comes_and_goes_between_two_pages_disturbs_no_other(server, skills):
    first = server.request("resources/list")
    files = skills / "many" / "files"
    early, late = files / "000.5.txt", files / "248.5.txt"
    gone = files / "010.txt"
    try:
        early.write_text("x")
        late.write_text("x")
        gone.unlink()
        rest = []
        cursor = first.get("nextCursor")
        while cursor:
            page = server.request("resources/list", {"cursor": cursor})
            rest += uris_of(page)
            cursor = page.get("nextCursor")
    finally:
        early.unlink()
        late.unlink()
        gone.write_bytes(b"x")
    assert not set(rest) & set(uris_of(first)), "shown twice"
    assert len(rest) == 151
    assert "skill://many/files/248.5.txt" in rest


def test_files_of_many_skills_come_in_order_each_once(start_server, tmp_path):
    names = [f"s{number:03}" for number in range(90)] + ["s", "s-1", "s1", "s 1", "s%31", "S", "s.1", "ß", "s~"]
    for name in names:
        write_skill(tmp_path, name, files={"a/b.txt": b"x", "a.txt": b"x", "z ä.txt": b"x"})
    found = pages(start_server("--skills", str(tmp_path)), "resources/list")
    assert [len(page["resources"]) for page in found] == [100, 100, 100, 96]
    uris = [uri for page in found for uri in uris_of(page)]
    assert uris == sorted(uris)
    assert len(set(uris)) == 4 * len(names)


def test_a_list_that_begins_anew_shows_a_skill_of_just_now(server, skills):
    before = pages(server, "resources/list")
    new = write_skill(skills, "new")
    try:
        assert "skill://new/SKILL.md" in {uri for page in pages(server, "resources/list") for uri in uris_of(page)}
    finally:
        (new / "SKILL.md").unlink()
        new.rmdir()
    assert [uris_of(page) for page in pages(server, "resources/list")] == [uris_of(page) for page in before]


def test_the_last_element_of_a_page_may_vanish(server, skills):
    first = server.request("resources/list")
    last = uris_of(first)[-1]
    file = skills / "many" / last.removeprefix("skill://many/")
    file.unlink()
    try:
        second = server.request("resources/list", {"cursor": first["nextCursor"]})
    finally:
        file.write_bytes(b"x")
    assert uris_of(second)[0] > last
    assert len(second["resources"]) == 100


@pytest.mark.parametrize("cursor", CURSORS, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("modern", [False, True])
def test_a_foreign_cursor_is_invalid_params(client, method, cursor, modern):
    assert client.error(method, {"cursor": cursor}, modern=modern).code == -32602
    assert client.request(method, modern=modern)


def test_the_cursor_of_one_list_is_none_of_another(server):
    cursor = server.request("resources/list")["nextCursor"]
    for method in LISTS:
        if method != "resources/list":
            assert server.error(method, {"cursor": cursor}).code == -32602
    assert server.error("skills/list", {"cursor": cursor}, modern=True).code == -32602


def test_short_lists_are_one_page(client):
    for method in LISTS:
        assert "nextCursor" not in client.request(method)


def test_artifacts_are_paged_with_the_skills(start_server, fresh_user, skills):
    server = start_server("--user", fresh_user, "--skills", str(skills))
    server.bash("cd /artifacts; for i in $(seq 1 120); do : > $i.txt; done")
    assert len(artifacts(server)) == 120
    assert len(list_resources(server)) == 370
    assert [len(page["resources"]) for page in pages(server, "resources/list")] == [100, 100, 100, 70]


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("modern", [False, True])
def test_a_cursor_of_null_is_none(client, method, modern):
    expected = client.request(method, modern=modern)
    assert client.result(client.start(method, {"cursor": None}, modern=modern, deliberate=True)) == expected
