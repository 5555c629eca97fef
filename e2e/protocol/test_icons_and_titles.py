"""Names, titles, icons and instructions: each revision gets what it knows, and nothing else."""

import base64
import json
from xml.etree import ElementTree

import pytest
from support.stdio_client import META_PREFIX

LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
REVISIONS = [*LEGACY, "2026-07-28"]
LISTS = {"tools/list": "tools", "prompts/list": "prompts", "resources/templates/list": "resourceTemplates"}


@pytest.fixture
def server_of(start_server):
    def start(revision):
        modern = revision == "2026-07-28"
        return start_server(initialize=None if modern else revision, modern=modern)

    return start


def introduction(start_server, revision) -> tuple[dict, dict]:
    """What the handshake of a legacy revision says, and the server's description of itself in it."""
    result = start_server(initialize=None).initialize(revision)
    return result, result["serverInfo"]


@pytest.mark.parametrize("revision", LEGACY)
def test_the_server_introduces_itself_in_the_words_of_the_revision(start_server, revision):
    _, info = introduction(start_server, revision)
    expected = {"name", "version"}
    if revision >= "2025-06-18":
        expected |= {"title"}
    if revision >= "2025-11-25":
        expected |= {"description", "icons"}
    assert set(info) == expected


@pytest.mark.parametrize("revision", LEGACY)
def test_instructions_say_where_to_begin(start_server, revision):
    result, _ = introduction(start_server, revision)
    assert "skill://" in result["instructions"] or "agent_system_prompt" in result["instructions"]
    assert len(result["instructions"]) / 4 < 500


def test_discover_introduces_the_server_too(start_server):
    server = start_server(initialize=None, modern=True)
    result = server.request("server/discover")
    info = result["_meta"][META_PREFIX + "serverInfo"]
    assert set(info) == {"name", "title", "version", "description", "icons"}
    assert result["instructions"] == introduction(start_server, "2025-11-25")[0]["instructions"]


def test_every_modern_result_names_the_server_briefly(server_of):
    server = server_of("2026-07-28")
    for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list"):
        info = server.request(method)["_meta"][META_PREFIX + "serverInfo"]
        assert {"name", "version"} <= set(info)
        assert len(json.dumps(info)) < 300, "an icon in every result would be a waste"


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("method", LISTS)
def test_listed_things_have_titles_where_the_revision_knows_them(server_of, revision, method):
    for item in server_of(revision).request(method)[LISTS[method]]:
        assert ("title" in item) == (revision >= "2025-06-18")
        assert item["description"]


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("method", ["tools/list", "prompts/list"])
def test_tools_and_prompt_have_icons_where_the_revision_knows_them(server_of, revision, method):
    for item in server_of(revision).request(method)[LISTS[method]]:
        assert ("icons" in item) == (revision >= "2025-11-25")


@pytest.mark.parametrize("revision", REVISIONS)
def test_tools_have_annotations_where_the_revision_knows_them(server_of, revision):
    tools = {tool["name"]: tool for tool in server_of(revision).request("tools/list")["tools"]}
    if revision == "2024-11-05":
        assert not any("annotations" in tool for tool in tools.values())
        return
    assert tools["read_file"]["annotations"]["readOnlyHint"] is True
    assert tools["read_docstring"]["annotations"]["readOnlyHint"] is True
    assert tools["execute_bash"]["annotations"].get("readOnlyHint", False) is False


def test_an_icon_is_a_drawing_that_needs_no_network(start_server):
    server = start_server()
    _, info = introduction(start_server, "2025-11-25")
    things = [info, *server.request("tools/list")["tools"], *server.request("prompts/list")["prompts"]]
    icons = [icon for thing in things for icon in thing["icons"]]
    assert len(icons) >= 6
    for icon in icons:
        kind, data = icon["src"].removeprefix("data:").split(";base64,")
        assert kind == "image/svg+xml"
        assert icon.get("mimeType", kind) == kind
        drawing = ElementTree.fromstring(base64.b64decode(data, validate=True))
        assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
        assert drawing.get("viewBox")
        for element in drawing.iter():
            assert element.tag.rsplit("}", 1)[-1] not in ("script", "image", "use", "foreignObject", "style")
            assert not any(name.rsplit("}", 1)[-1] in ("href", "onload") for name in element.attrib)
