"""Skills over MCP (`io.modelcontextprotocol/skills`): the list, single skills, directories, and who is left out."""

import hashlib

import pytest
from support.resources import list_resources, pages, read
from support.skill_files import DESCRIPTION, files_of, write_skill
from support.stdio_client import META_PREFIX, modern_meta

EXTENSION = META_PREFIX + "skills"
FILES = {
    "references/GUIDE.md": "# Führer\n".encode(),
    "references/deep/notes.txt": b"notes",
    "assets/logo.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "assets/a b#c%.txt": b"odd name",
    "empty.txt": b"",
}
TOO_BIG = 16 * 1024 * 1024


@pytest.fixture
def skills(tmp_path):
    write_skill(tmp_path, "sheep", files=FILES, extra="license: MIT\nmetadata:\n  version: '1.0'\n")
    return tmp_path


@pytest.fixture
def server(start_server, skills):
    return start_server("--skills", str(skills), initialize=None, modern=True)


def listed(server, **options) -> dict[str, dict]:
    """The skills in the list, by name."""
    found = [skill for page in pages(server, "skills/list", **options) for skill in page["skills"]]
    assert len({skill["uri"] for skill in found}) == len(found)
    return {skill["frontmatter"]["name"]: skill for skill in found}


def directory(server, uri) -> dict[str, dict]:
    found = pages(server, "resources/directory/read", {"uri": uri})
    return {child["uri"]: child for page in found for child in page["resources"]}


def test_the_extension_is_advertised_with_its_setting(server):
    assert server.request("server/discover")["capabilities"]["extensions"][EXTENSION] == {"directoryRead": True}


def test_an_entry_holds_the_front_matter_and_every_file_with_its_digest(server, skills):
    entry = listed(server)["sheep"]
    assert entry["uri"] == "skill://sheep/SKILL.md"
    assert entry["frontmatter"] == {
        "name": "sheep",
        "description": DESCRIPTION,
        "license": "MIT",
        "metadata": {"version": "1.0"},
    }
    files = files_of(skills / "sheep")
    assert len(entry["resources"]) == len(files)
    by_digest = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
    for resource in entry["resources"]:
        content = by_digest[resource["digest"].removeprefix("sha256:")]
        assert read(server, resource["uri"]) == content
        assert resource["size"] == len(content)


def test_the_entry_of_one_skill_is_that_of_the_list(server):
    assert server.request("skills/get", {"uri": "skill://sheep/SKILL.md"})["skill"] == listed(server)["sheep"]


def test_every_listed_file_is_a_resource(server):
    uris = {resource["uri"] for skill in listed(server).values() for resource in skill["resources"]}
    assert uris == set(list_resources(server))


def test_a_changed_file_has_a_new_digest(server, skills):
    before = listed(server)["sheep"]["resources"]
    (skills / "sheep" / "empty.txt").write_bytes(b"changed")
    after = {resource["uri"]: resource for resource in listed(server)["sheep"]["resources"]}
    changed = [resource["uri"] for resource in before if after[resource["uri"]] != resource]
    assert changed == ["skill://sheep/empty.txt"]
    assert after["skill://sheep/empty.txt"]["digest"].endswith(hashlib.sha256(b"changed").hexdigest())


def test_a_file_that_changes_within_its_size_and_second_has_a_new_digest(server, skills):
    file = skills / "sheep" / "references" / "deep" / "notes.txt"
    for content in (b"other", b"third", b"forth"):
        file.write_bytes(content)
        digests = [resource["digest"] for resource in listed(server)["sheep"]["resources"]]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" in digests


def test_a_long_list_comes_in_pages(start_server, tmp_path):
    for number in range(230):
        write_skill(tmp_path, f"skill-{number:03}")
    server = start_server("--skills", str(tmp_path), initialize=None, modern=True)
    found = pages(server, "skills/list")
    names = [skill["frontmatter"]["name"] for page in found for skill in page["skills"]]
    assert len(found) > 1
    assert names == [f"skill-{number:03}" for number in range(230)]
    assert len({page["cacheScope"] for page in found}) == 1
    assert server.error("skills/list", {"cursor": "nonsense"}).code == -32602


@pytest.mark.parametrize("uri", ["skill://sheep", "skill://sheep/references", "skill://sheep/references/deep"])
def test_a_directory_shows_its_children(server, uri):
    children, files = directory(server, uri), list_resources(server)
    below = [file.removeprefix(uri + "/") for file in files if file.startswith(uri + "/")]
    assert set(children) == {f"{uri}/{path.split('/')[0]}" for path in below}
    for child, resource in children.items():
        if child in files:
            assert resource == files[child]
        else:
            assert resource["mimeType"] == "inode/directory"


def test_a_whole_skill_is_found_by_walking_down(server):
    found, waiting = set(), ["skill://sheep"]
    while waiting:
        for uri, resource in directory(server, waiting.pop()).items():
            (waiting.append if resource["mimeType"] == "inode/directory" else found.add)(uri)
    assert found == set(list_resources(server))


def test_a_large_directory_comes_in_pages(start_server, tmp_path):
    write_skill(tmp_path, "many", files={f"files/{number:03}.txt": b"" for number in range(250)})
    server = start_server("--skills", str(tmp_path), initialize=None, modern=True)
    params = {"uri": "skill://many/files"}
    assert [len(page["resources"]) for page in pages(server, "resources/directory/read", params)] == [100, 100, 50]
    cursor = server.request("resources/directory/read", params)["nextCursor"]
    assert server.error("resources/directory/read", {"uri": "skill://many", "cursor": cursor}).code == -32602


@pytest.mark.parametrize(
    "uri",
    [
        "skill://sheep/SKILL.md",
        "skill://sheep/none",
        "skill://nobody",
        "skill://sheep/",
        "skill://",
        "skill://sheep/references/",
        "skill://sheep/..",
        "skill://sheep/references/..",
        "skill://sheep/%2e%2e",
        "skill://sheep/ref",
        "artifact:///",
        "artifact:///a.txt",
        "file:///tmp",
        "",
    ],
)
def test_what_is_no_directory_is_invalid_params(server, uri):
    assert server.error("resources/directory/read", {"uri": uri}).code == -32602


@pytest.mark.parametrize(
    "uri",
    ["skill://nobody/SKILL.md", "skill://sheep", "skill://sheep/", "skill://sheep/empty.txt", "skill://", "", "x:"],
)
def test_an_unknown_skill_is_invalid_params(server, uri):
    assert server.error("skills/get", {"uri": uri}).code == -32602


@pytest.mark.parametrize("method", ["skills/get", "resources/directory/read"])
@pytest.mark.parametrize("params", [{}, {"uri": None}, {"uri": 5}, {"uri": []}])
def test_a_request_without_a_uri_is_invalid_params(server, method, params):
    assert server.error(method, params).code == -32602


def test_a_client_need_not_declare_the_extension(server):
    declared = {META_PREFIX + "clientCapabilities": {"extensions": {EXTENSION: {}}}}
    assert listed(server) == listed(server, meta=declared)


@pytest.mark.parametrize("method", ["skills/list", "skills/get", "resources/directory/read"])
def test_a_legacy_request_is_not_served(start_server, method):
    code = start_server().error(method, {"uri": "skill://sheep/SKILL.md"}).code
    assert code in (-32601, -32602)


def test_the_legacy_handshake_advertises_no_extension(start_server):
    assert "extensions" not in start_server(initialize=None).initialize()["capabilities"]


def test_both_spellings_of_the_file_are_served_under_one_name(start_server, tmp_path):
    write_skill(tmp_path, "lower").joinpath("SKILL.md").rename(tmp_path / "lower" / "skill.md")
    server = start_server("--skills", str(tmp_path), initialize=None, modern=True)
    entry = listed(server)["lower"]
    assert [resource["uri"] for resource in entry["resources"]] == ["skill://lower/SKILL.md"]
    assert read(server, "skill://lower/SKILL.md") == (tmp_path / "lower" / "skill.md").read_bytes()


def break_name(skills):
    write_skill(skills, "Broken-Name")
    return "Broken-Name"


def break_double_hyphen(skills):
    write_skill(skills, "two--hyphens")
    return "two--hyphens"


def break_long_name(skills):
    write_skill(skills, "n" * 65)
    return "n" * 65


def break_description(skills):
    write_skill(skills, "wordy", description="w" * 1025)
    return "wordy"


def break_metadata(skills):
    write_skill(skills, "numbers", extra="metadata:\n  version: 1.0\n")
    return "numbers"


def break_license(skills):
    write_skill(skills, "unfree", extra="license: 5\n")
    return "unfree"


def break_count(skills):
    write_skill(skills, "crowd", files={f"{number}.txt": b"" for number in range(512)})
    return "crowd"


def break_size(skills):
    write_skill(skills, "heavy", files={"big.bin": bytes(TOO_BIG)})
    return "heavy"


def break_link(skills):
    (write_skill(skills, "leaky") / "passwd").symlink_to("/etc/passwd")
    return "leaky"


@pytest.mark.parametrize(
    "break_a_rule",
    [
        break_name,
        break_double_hyphen,
        break_long_name,
        break_description,
        break_metadata,
        break_license,
        break_count,
        break_size,
        break_link,
    ],
)
def test_a_skill_that_breaks_a_rule_is_left_out_with_a_warning_and_the_others_stay(server, skills, break_a_rule):
    name = break_a_rule(skills)
    assert list(listed(server)) == ["sheep"]
    server.wait_for_log(name)
    assert server.error("skills/get", {"uri": f"skill://{name}/SKILL.md"}).code == -32602


def test_a_skill_at_the_limits_is_listed(start_server, tmp_path):
    crowd = write_skill(tmp_path, "crowd", files={f"{number}.txt": b"" for number in range(511)})
    main = (crowd / "SKILL.md").stat().st_size
    (crowd / "0.txt").write_bytes(bytes(TOO_BIG - main))
    write_skill(tmp_path, "n" * 64, description="d" * 1024)
    server = start_server("--skills", str(tmp_path), initialize=None, modern=True)
    found = listed(server)
    assert set(found) == {"crowd", "n" * 64}
    assert len(found["crowd"]["resources"]) == 512
    assert sum(resource["size"] for resource in found["crowd"]["resources"]) == TOO_BIG


def test_a_skill_whose_name_is_not_its_directorys_is_known_by_its_name(start_server, tmp_path):
    write_skill(tmp_path, "given").rename(tmp_path / "elsewhere")
    server = start_server("--skills", str(tmp_path), initialize=None, modern=True)
    entry = listed(server)["given"]
    assert entry["uri"] == "skill://given/SKILL.md", "the last segment has to be the name"
    assert read(server, entry["uri"]) == (tmp_path / "elsewhere" / "SKILL.md").read_bytes()


def test_a_read_of_a_large_skill_file_is_whole(start_server, tmp_path):
    content = bytes(range(256)) * 4096 * 8
    write_skill(tmp_path, "heavy", files={"big.bin": content})
    server = start_server("--skills", str(tmp_path), initialize=None, modern=True)
    assert read(server, "skill://heavy/big.bin") == content


def test_the_metadata_is_needed_as_for_every_modern_request(server):
    meta = modern_meta()
    del meta[META_PREFIX + "clientCapabilities"]
    pending = server.start("skills/list", {"_meta": meta}, modern=False, deliberate=True)
    assert server.response(pending)["error"]["code"] == -32602
