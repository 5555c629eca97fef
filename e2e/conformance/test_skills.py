"""Scenarios of the skills extension."""

import hashlib
import re

from support.resources import list_resources, pages, read
from support.skill_files import DESCRIPTION
from support.stdio_client import META_PREFIX

EXTENSION = META_PREFIX + "skills"
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
DIRECTORY = "inode/directory"


def test_sep_2640_skills_enumeration(modern):
    settings = modern.request("server/discover")["capabilities"]["extensions"][EXTENSION]
    assert set(settings) <= {"directoryRead"}, "the settings stand under the identifier itself"
    entries = [skill for page in pages(modern, "skills/list") for skill in page["skills"]]
    assert entries
    assert len({entry["frontmatter"]["name"] for entry in entries}) == len(entries)
    for entry in entries:
        name = entry["frontmatter"]["name"]
        assert NAME.fullmatch(name)
        assert entry["frontmatter"]["description"]
        assert entry["uri"] == f"skill://{name}/SKILL.md"
        uris = [resource["uri"] for resource in entry["resources"]]
        assert entry["uri"] in uris
        assert len(set(uris)) == len(uris) <= 512
        assert sum(resource["size"] for resource in entry["resources"]) <= 16 * 1024 * 1024
        for resource in entry["resources"]:
            assert resource["uri"].startswith(f"skill://{name}/")
            content = read(modern, resource["uri"])
            assert resource["size"] == len(content)
            assert resource["digest"] == "sha256:" + hashlib.sha256(content).hexdigest()
        got = modern.request("skills/get", {"uri": entry["uri"]})
        assert got["skill"] == entry
        assert "nextCursor" not in got
    unknown = modern.error("skills/get", {"uri": "skill://nobody-serves-this/SKILL.md"})
    assert unknown.code == -32602


def test_sep_2640_skills_manifest(modern):
    main = list_resources(modern)["skill://fixture/SKILL.md"]
    assert main["mimeType"] == "text/markdown"
    assert main["name"] == "fixture"
    assert main["description"] == DESCRIPTION
    assert read(modern, main["uri"]).startswith(b"---\nname: fixture\n")


def children(server, uri) -> dict[str, dict]:
    found = pages(server, "resources/directory/read", {"uri": uri})
    return {child["uri"]: child for page in found for child in page["resources"]}


def test_sep_2640_skills_directory(modern):
    assert modern.request("server/discover")["capabilities"]["extensions"][EXTENSION]["directoryRead"] is True
    root, sub = children(modern, "skill://fixture"), children(modern, "skill://fixture/sub")
    assert root["skill://fixture/sub"]["mimeType"] == DIRECTORY
    assert root["skill://fixture/SKILL.md"]["mimeType"] != DIRECTORY
    assert list(sub) == ["skill://fixture/sub/data.txt"]
    for uri in ("skill://fixture/SKILL.md", "skill://fixture/none", "skill://nobody"):
        assert modern.error("resources/directory/read", {"uri": uri}).code == -32602
