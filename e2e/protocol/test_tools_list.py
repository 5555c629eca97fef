"""The tool listing: exactly four tools, small enough for every model's context, fit for each revision."""

import json

import pytest

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
TOOLS = ["execute_bash", "write_file", "read_file", "read_docstring"]
ARGUMENTS = {
    "execute_bash": ({"command"}, {"timeout"}),
    "write_file": ({"file_path", "content"}, set()),
    "read_file": ({"file_path"}, {"offset", "line_count"}),
    "read_docstring": ({"file_path", "function_name"}, set()),
}


@pytest.fixture
def tools_of(start_server):
    def listing(revision: str) -> list[dict]:
        if revision == "2026-07-28":
            return start_server(initialize=None, modern=True).request("tools/list")["tools"]
        return start_server(initialize=revision).request("tools/list")["tools"]

    return listing


@pytest.mark.parametrize("revision", REVISIONS)
def test_there_are_exactly_the_four_tools(tools_of, revision):
    assert sorted(tool["name"] for tool in tools_of(revision)) == sorted(TOOLS)


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_listing_stays_under_800_tokens(tools_of, revision):
    characters = len(json.dumps(tools_of(revision), ensure_ascii=False, separators=(",", ":")))
    print(f"{revision}: {characters / 4:.0f} tokens")
    assert characters / 4 < 800


@pytest.mark.parametrize("revision", REVISIONS)
def test_arguments_are_named_and_required_as_documented(tools_of, revision):
    for tool in tools_of(revision):
        required, optional = ARGUMENTS[tool["name"]]
        schema = tool["inputSchema"]
        assert schema["type"] == "object"
        assert set(schema["properties"]) == required | optional
        assert set(schema.get("required", [])) == required
        assert tool["description"]


def test_defaults_are_declared(tools_of):
    tools = {tool["name"]: tool["inputSchema"]["properties"] for tool in tools_of("2025-11-25")}
    assert tools["execute_bash"]["timeout"]["default"] == 30
    assert tools["read_file"]["offset"]["default"] == 0


@pytest.mark.parametrize("revision", REVISIONS)
def test_only_execute_bash_has_an_output_schema_and_only_where_the_revision_knows_it(tools_of, revision):
    with_schema = [tool["name"] for tool in tools_of(revision) if "outputSchema" in tool]
    assert with_schema == ([] if revision < "2025-06-18" else ["execute_bash"])


def test_the_output_schema_requires_what_every_result_has(tools_of):
    schema = next(tool["outputSchema"] for tool in tools_of("2025-11-25") if "outputSchema" in tool)
    assert schema["type"] == "object"
    assert {"exit_code", "stdout", "stderr"} <= set(schema["properties"])
    assert set(schema["required"]) <= {"exit_code", "stdout", "stderr"}


def test_a_revision_without_annotations_is_sent_none(tools_of):
    for tool in tools_of("2024-11-05"):
        assert set(tool) <= {"name", "description", "inputSchema"}


def test_the_listing_is_the_same_every_time(start_server):
    server = start_server()
    first = server.request("tools/list")
    server.bash("true")
    assert server.request("tools/list") == first
    assert "nextCursor" not in first
    assert start_server().request("tools/list") == first


@pytest.mark.parametrize("params", [{}, {"cursor": "nonsense"}])
def test_a_listing_takes_optional_params(start_server, params):
    server = start_server()
    response = server.response(server.start("tools/list", params))
    if params:
        assert response.get("error", {}).get("code") == -32602 or response["result"]["tools"]
    else:
        assert response["result"]["tools"]


def call_in(start_server, revision, command):
    modern = revision == "2026-07-28"
    server = start_server(initialize=None if modern else revision, modern=modern)
    return server.call_tool("execute_bash", command=command)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_result_holds_only_what_its_revision_knows(start_server, revision):
    result = call_in(start_server, revision, "echo made")
    expected = {"exit_code": 0, "stdout": "made\n", "stderr": ""}
    assert json.loads(result["content"][0]["text"]) == expected
    assert result.get("structuredContent") == (None if revision < "2025-06-18" else expected)
    assert ("resultType" in result) == (revision == "2026-07-28")


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_artifact_is_named_as_its_revision_can(start_server, revision):
    """Links to resources are text where the revision knows none."""
    result = call_in(start_server, revision, "echo '<p>hi</p>' > /artifacts/known-$RANDOM.html")
    kinds = {block["type"] for block in result["content"]}
    assert kinds == ({"text"} if revision < "2025-06-18" else {"text", "resource_link"})
    assert "artifact:///known-" in json.dumps(result["content"], ensure_ascii=False)
