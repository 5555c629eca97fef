"""Resources: the files of skills and the artifacts, listed and read, each revision in its own words."""

import json

import pytest
from support import engine
from support.resources import artifacts, bytes_of, content_of, list_resources, pages, read
from support.skill_files import DESCRIPTION, files_of, write_skill
from support.stdio_client import REPOSITORY, RPCError

LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
REVISIONS = [*LEGACY, "2026-07-28"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
FILES = {
    "references/GUIDE.md": "# Führer\n".encode(),
    "references/deep/er/notes.txt": b"notes",
    "assets/logo.png": PNG,
    "assets/a b#c%.txt": b"odd name",
    "empty.txt": b"",
}


@pytest.fixture
def skills(tmp_path):
    write_skill(tmp_path, "sheep", files=FILES)
    return tmp_path


@pytest.fixture
def server_of(start_server, skills):
    """A server with the one skill, for a revision."""

    def start(revision="2025-11-25", *options):
        modern = revision == "2026-07-28"
        return start_server("--skills", str(skills), *options, initialize=None if modern else revision, modern=modern)

    return start


def uri_of(path: str) -> str:
    return "skill://sheep/" + path.replace("%", "%25").replace(" ", "%20").replace("#", "%23")


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_file_of_a_skill_is_listed_and_read_byte_for_byte(server_of, skills, revision):
    server = server_of(revision)
    listed = list_resources(server)
    files = files_of(skills / "sheep")
    assert sorted(listed) == sorted(uri_of(path) for path in files)
    for path, content in files.items():
        assert read(server, uri_of(path)) == content
        assert listed[uri_of(path)]["size"] == len(content)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_skill_is_presented_by_its_front_matter(server_of, revision):
    main = list_resources(server_of(revision))["skill://sheep/SKILL.md"]
    assert main["name"] == "sheep"
    assert main["description"] == DESCRIPTION
    assert main["mimeType"] == "text/markdown"
    assert ("title" in main) == (revision >= "2025-06-18")


def test_text_is_sent_as_text_and_all_else_as_a_blob(server_of):
    server = server_of()
    kinds = {
        path: set(content_of(server.request("resources/read", {"uri": uri_of(path)}))) & {"text", "blob"}
        for path in FILES
    }
    assert kinds == {path: {"blob"} if path.endswith(".png") else {"text"} for path in FILES}


def test_the_type_follows_content_and_name(server_of):
    server = server_of()
    listed = list_resources(server)
    for path, kind in (
        ("references/GUIDE.md", "text/markdown"),
        ("references/deep/er/notes.txt", "text/plain"),
        ("assets/logo.png", "image/png"),
    ):
        assert listed[uri_of(path)]["mimeType"] == kind
        assert content_of(server.request("resources/read", {"uri": uri_of(path)}))["mimeType"] == kind


def test_the_list_is_sorted_by_uri(server_of):
    uris = [resource["uri"] for resource in server_of().request("resources/list")["resources"]]
    assert uris == sorted(uris)


def test_the_shipped_skills_are_resources(start_server):
    server = start_server()
    listed = list_resources(server)
    for file in (REPOSITORY / "skills").glob("*/SKILL.md"):
        uri = f"skill://{file.parent.name}/SKILL.md"
        assert uri in listed
        assert read(server, uri) == file.read_bytes()


def test_listing_starts_no_container(server_of, fresh_user):
    server = server_of("2025-11-25", "--user", fresh_user)
    assert artifacts(server) == []
    read(server, "skill://sheep/SKILL.md")
    server.request("resources/templates/list")
    assert engine.containers(fresh_user) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_artifact_is_listed_and_read(server_of, fresh_user, revision):
    server = server_of(revision, "--user", fresh_user)
    server.bash("printf 'a,b\\n1,2\\n' > /artifacts/table.csv")
    listed = list_resources(server)["artifact:///table.csv"]
    assert listed["name"] == "table.csv"
    assert listed["mimeType"] == "text/csv"
    assert listed["size"] == 8
    assert ("lastModified" in listed.get("annotations", {})) == (revision >= "2025-06-18")
    assert read(server, "artifact:///table.csv") == b"a,b\n1,2\n"


def test_reading_an_artifact_starts_the_sandbox_that_has_it(start_server, fresh_user):
    first = start_server("--user", fresh_user)
    first.bash("echo kept > /artifacts/kept.txt")
    first.close()
    engine.wait_until_gone(fresh_user)
    second = start_server("--user", fresh_user)
    assert artifacts(second) == []
    assert read(second, "artifact:///kept.txt") == b"kept\n"
    assert artifacts(second) == ["artifact:///kept.txt"]


def test_each_user_of_one_server_has_artifacts_of_their_own(start_server, fresh_user, passing_users):
    server = start_server("--user", fresh_user)
    ada, bob = ({"x-user-id": f"{fresh_user}.{name}"} for name in ("ada", "bob"))
    passing_users += [ada["x-user-id"], bob["x-user-id"]]
    server.bash("echo hers > /artifacts/hers.txt", meta=ada)
    server.bash("echo his > /artifacts/his.txt", meta=bob)
    assert artifacts(server, meta=ada) == ["artifact:///hers.txt"]
    assert artifacts(server, meta=bob) == ["artifact:///his.txt"]
    assert artifacts(server) == []
    assert read(server, "artifact:///hers.txt", meta=ada) == b"hers\n"
    with pytest.raises(RPCError):
        read(server, "artifact:///hers.txt", meta=bob)


@pytest.mark.parametrize("method", ["resources/list", "resources/read"])
@pytest.mark.parametrize("bad", ["", "../x", "-a", "a b", 5, []])
def test_a_user_that_is_none_is_invalid_params(start_server, method, bad):
    server = start_server()
    pending = server.start(method, {"uri": "artifact:///a"}, meta={"x-user-id": bad}, deliberate=True)
    assert server.response(pending)["error"]["code"] == -32602


NOT_THERE = [
    "skill://sheep/NONE.md",
    "skill://nobody/SKILL.md",
    "skill://sheep/../sheep/SKILL.md",
    "skill://sheep/references/%2e%2e/SKILL.md",
    "skill://sheep/references%2FGUIDE.md",
    "skill://sheep/references",
    "skill://sheep/",
    "skill://sheep",
    "skill://",
    "skill:sheep/SKILL.md",
    "skill://sheep/SKILL.md?x",
    "skill://sheep/SKILL.md#x",
    "skill://sheep//SKILL.md",
    "skill://sheep/SKILL.md/",
    "skill://sheep/%",
    "skill://sheep/%zz",
    "skill://sheep/%ff",
    "skill://sheep/SKILL.md%00",
    "file:///etc/passwd",
    "/etc/passwd",
    "",
    "x" * 100_000,
]


@pytest.mark.parametrize("uri", NOT_THERE, ids=range(len(NOT_THERE)))
@pytest.mark.parametrize("revision", ["2024-11-05", "2025-11-25", "2026-07-28"])
def test_what_is_not_there_is_refused_in_the_way_of_the_revision(server_of, uri, revision):
    error = server_of(revision).error("resources/read", {"uri": uri})
    assert error.code == (-32602 if revision == "2026-07-28" else -32002)
    assert error.data["uri"] == uri
    assert len(error.message) < 1000


@pytest.mark.parametrize("params", [None, {}, {"uri": 5}, {"uri": None}, {"uri": ["skill://sheep/SKILL.md"]}])
@pytest.mark.parametrize("modern", [False, True])
def test_a_read_of_nothing_is_invalid_params(client, params, modern):
    assert client.error("resources/read", params, modern=modern).code == -32602


def test_a_link_that_leads_out_of_a_skill_is_not_followed(server_of, skills):
    (skills / "secret.txt").write_text("secret")
    (skills / "sheep" / "out.txt").symlink_to("../secret.txt")
    (skills / "sheep" / "etc").symlink_to("/etc")
    server = server_of()
    for path in ("out.txt", "etc/passwd", "etc/hostname"):
        assert server.error("resources/read", {"uri": uri_of(path)}).code == -32002
    assert not [uri for uri in list_resources(server) if "out" in uri or "etc" in uri]


def test_a_changed_skill_file_is_read_as_it_is_now(server_of, skills):
    server = server_of()
    assert read(server, uri_of("empty.txt")) == b""
    (skills / "sheep" / "empty.txt").write_bytes(b"no more")
    assert read(server, uri_of("empty.txt")) == b"no more"
    assert list_resources(server)[uri_of("empty.txt")]["size"] == 7


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_templates_name_both_kinds(server_of, revision):
    server = server_of(revision)
    listed = [item for page in pages(server, "resources/templates/list") for item in page["resourceTemplates"]]
    assert [item["uriTemplate"] for item in listed] == ["skill://{skill}/{+path}", "artifact:///{name}"]
    for item in listed:
        assert item["name"]
        assert item["description"]
        assert ("title" in item) == (revision >= "2025-06-18")


def test_modern_results_say_how_long_they_may_be_kept(server_of):
    server = server_of("2026-07-28")
    for method, params in (
        ("resources/list", None),
        ("resources/templates/list", None),
        ("resources/read", {"uri": "skill://sheep/SKILL.md"}),
    ):
        result = server.request(method, params)
        assert isinstance(result["ttlMs"], int)
        assert result["ttlMs"] >= 0
        assert result["cacheScope"] in ("public", "private")
    assert server.request("resources/list")["cacheScope"] == "private", "artifacts are nobody else's"


def test_both_eras_read_the_same(server_of):
    server = server_of()
    params = {"uri": uri_of("assets/logo.png")}
    legacy, modern = (content_of(server.request("resources/read", params, modern=era)) for era in (False, True))
    assert legacy == modern
    assert bytes_of(legacy) == PNG


def test_a_link_of_a_result_can_be_read(start_server):
    server = start_server()
    result = server.call_tool("execute_bash", command="echo '{\"a\": 1}' > /artifacts/linked.json")
    link = next(block for block in result["content"] if block["type"] == "resource_link")
    assert json.loads(read(server, link["uri"])) == {"a": 1}
    listed = list_resources(server)[link["uri"]]
    assert {key: link[key] for key in ("name", "mimeType")} == {key: listed[key] for key in ("name", "mimeType")}
