"""`completion/complete`: values for the variables of the resource templates."""

import pytest
from support.skill_files import write_skill

SKILL = {"type": "ref/resource", "uri": "skill://{skill}/{+path}"}
ARTIFACT = {"type": "ref/resource", "uri": "artifact:///{name}"}
PROMPT = {"type": "ref/prompt", "name": "agent_system_prompt"}


@pytest.fixture(scope="module")
def skills(tmp_path_factory):
    directory = tmp_path_factory.mktemp("skills")
    write_skill(directory, "sheep", files={"references/a.md": b"a", "references/b.md": b"b", "run.py": b""})
    write_skill(directory, "shepherd", files={"herd.py": b""})
    write_skill(directory, "wolf", files={f"files/{number:03}.txt": b"" for number in range(150)})
    return directory


@pytest.fixture(params=["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
def server(request, start_server, skills):
    modern = request.param == "2026-07-28"
    return start_server("--skills", str(skills), initialize=None if modern else request.param, modern=modern)


def complete(server, ref, name, value="", context=None, **options) -> dict:
    params = {"ref": ref, "argument": {"name": name, "value": value}}
    if context is not None:
        params["context"] = {"arguments": context}
    completion = server.request("completion/complete", params, **options)["completion"]
    assert len(completion["values"]) <= 100
    return completion


@pytest.mark.parametrize(
    ("value", "names"),
    [("", ["sheep", "shepherd", "wolf"]), ("she", ["sheep", "shepherd"]), ("shep", ["shepherd"]), ("x", [])],
)
def test_the_names_of_skills(server, value, names):
    completion = complete(server, SKILL, "skill", value)
    assert completion["values"] == names
    assert completion["total"] == len(names)
    assert completion["hasMore"] is False


def test_the_files_of_the_skill_that_was_chosen(server):
    completion = complete(server, SKILL, "path", "", {"skill": "sheep"})
    assert completion["values"] == ["SKILL.md", "references/a.md", "references/b.md", "run.py"]
    begun = complete(server, SKILL, "path", "ref", {"skill": "sheep"})
    assert begun["values"] == ["references/a.md", "references/b.md"]
    assert complete(server, SKILL, "path", "", {"skill": "nobody"})["values"] == []


def test_the_files_of_all_skills_where_none_was_chosen(server):
    assert complete(server, SKILL, "path", "h")["values"] == ["herd.py"]
    assert complete(server, SKILL, "path", "S")["values"] == ["SKILL.md"]


def test_at_most_a_hundred_values_and_how_many_there_are(server):
    completion = complete(server, SKILL, "path", "files/", {"skill": "wolf"})
    assert completion["values"] == [f"files/{number:03}.txt" for number in range(100)]
    assert completion["total"] == 150
    assert completion["hasMore"] is True


def test_a_completed_pair_can_be_read(server):
    for skill in complete(server, SKILL, "skill", "she")["values"]:
        for path in complete(server, SKILL, "path", "", {"skill": skill})["values"]:
            assert server.request("resources/read", {"uri": f"skill://{skill}/{path}"})["contents"]


def test_the_names_of_the_users_artifacts(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user)
    assert complete(server, ARTIFACT, "name")["values"] == []
    server.bash("cd /artifacts; touch chart.png 'chart two.png' table.csv")
    other = {"x-user-id": f"{fresh_user}.other"}
    passing_users.append(other["x-user-id"])
    assert sorted(complete(server, ARTIFACT, "name")["values"]) == ["chart two.png", "chart.png", "table.csv"]
    assert complete(server, ARTIFACT, "name", "table")["values"] == ["table.csv"]
    assert complete(server, ARTIFACT, "name", meta=other)["values"] == []


def test_the_prompt_has_no_arguments_to_complete(server):
    completion = complete(server, PROMPT, "anything", "x")
    assert completion["values"] == []
    assert completion.get("hasMore", False) is False


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"ref": SKILL},
        {"argument": {"name": "skill", "value": ""}},
        {"ref": SKILL, "argument": {"name": "skill"}},
        {"ref": SKILL, "argument": {"name": "skill", "value": 5}},
        {"ref": SKILL, "argument": {"name": 5, "value": ""}},
        {"ref": SKILL, "argument": "skill"},
        {"ref": SKILL, "argument": {"name": "color", "value": ""}},
        {"ref": {"type": "ref/resource", "uri": "test://{x}"}, "argument": {"name": "x", "value": ""}},
        {"ref": {"type": "ref/resource"}, "argument": {"name": "x", "value": ""}},
        {"ref": {"type": "ref/prompt", "name": "no_such_prompt"}, "argument": {"name": "x", "value": ""}},
        {"ref": {"type": "ref/tool", "name": "read_file"}, "argument": {"name": "file_path", "value": ""}},
        {"ref": "skill", "argument": {"name": "x", "value": ""}},
    ],
    ids=range(14),
)
@pytest.mark.parametrize("modern", [False, True])
def test_what_cannot_be_completed_is_invalid_params(client, params, modern):
    assert client.error("completion/complete", params, modern=modern).code == -32602


def test_the_oldest_revision_completes_without_having_said_so(start_server):
    server = start_server(initialize=None)
    assert "completions" not in server.initialize("2024-11-05")["capabilities"]
    assert complete(server, SKILL, "skill", "symbolic")["values"] == ["symbolic-computation"]
