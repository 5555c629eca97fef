"""From an agent's draft to a skill that later sessions have, and back: `exec-mcp skills`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.fixture_server import entry
from support.kept_skills import FILES, Desk, prompt_of, write_draft
from support.resources import list_resources, read
from support.stdio_client import REPOSITORY, StdioClient
from support.terminal import Terminal

INSTALLED = sorted(skill.parent.name for skill in (REPOSITORY / "skills").glob("*/SKILL.md"))


@pytest.fixture
def desk(tmp_path: Path, fresh_user: str) -> Desk:
    return Desk(tmp_path, fresh_user)


@pytest.fixture
def agent(desk: Desk, start_server) -> Iterator[StdioClient]:
    """A session in which drafts are written."""
    return start_server("--user", desk.user, env=desk.variables)


def approve(desk: Desk, agent: StdioClient, name: str, *options: str) -> str:
    write_draft(agent, name)
    return desk.does("approve", name, "--yes", *options)


def sessions(start_server, desk: Desk, user: str | None = None, *options: str) -> tuple[StdioClient, StdioClient]:
    """New sessions of a user, legacy and modern."""
    arguments = ["--user", user or desk.user, *options]
    legacy = start_server(*arguments, env=desk.variables)
    return legacy, start_server(*arguments, env=desk.variables, initialize=None, modern=True)


def listed(client: StdioClient) -> dict[str, dict]:
    return {skill["frontmatter"]["name"]: skill for skill in client.request("skills/list")["skills"]}


def provenance(client: StdioClient) -> dict[str, dict]:
    """What the list says of where skills come from, by their names."""
    found = client.request("skills/list")["_meta"].get("exec-mcp/provenance", {})
    return {uri.split("/")[2]: members for uri, members in found.items()}


def test_a_draft_is_offered_to_nobody_before_it_is_approved_and_to_every_session_after(desk, agent, start_server):
    write_draft(agent, "greet-team")
    assert "greet-team" not in prompt_of(agent)
    assert "greet-team" in desk.does("drafts") and "new" in desk.does("drafts")
    shown = desk.does("show", "greet-team")
    assert "1 passed, 0 failed" in shown
    assert "Good morning" in shown
    digest = shown.split("Digest")[1].split()[0]
    assert "version 1" in desk.does("approve", "greet-team", "--yes", "--digest", digest[:16], "--by", "Ana Reviewer")

    legacy, modern = sessions(start_server, desk)
    assert "`/skills/greet-team/SKILL.md` (agent-written, approved)" in prompt_of(legacy)
    assert legacy.bash("python3 /skills/greet-team/greet.py")["stdout"] == "Good morning, all!\n"
    assert legacy.bash("echo >> /skills/greet-team/greet.py || rm -rf /skills/greet-team")["exit_code"] != 0
    assert legacy.bash("ls /skills")["stdout"].split() == sorted([*INSTALLED, "greet-team"])
    skill = listed(modern)["greet-team"]
    origin = provenance(modern)["greet-team"]
    assert origin["origin"] == "agent"
    assert origin["approvedBy"] == "Ana Reviewer"
    assert origin["digest"] == f"sha256:{digest}"
    assert origin["draftOf"] == desk.user
    got = modern.request("skills/get", {"uri": skill["uri"]})
    assert got["skill"] == skill
    assert got["_meta"]["exec-mcp/provenance"] == {skill["uri"]: origin}
    assert set(list_resources(legacy)) >= {f"skill://greet-team/{path}" for path in FILES}
    assert read(modern, "skill://greet-team/greet.py") == FILES["greet.py"].encode()


def test_the_copy_that_was_approved_stays_when_the_draft_changes(desk, agent, start_server):
    approve(desk, agent, "steady")
    agent.bash("sed -i 's/Good morning/Pay me/' /workspace/skills/steady/greet.py")
    assert "changed since version 1" in desk.does("drafts")
    legacy, _ = sessions(start_server, desk)
    assert legacy.bash("python3 /skills/steady/greet.py")["stdout"] == "Good morning, all!\n"
    difference = desk.does("diff", "steady").splitlines()
    assert "-    return f'Good morning, {name}!'" in difference
    assert "+    return f'Pay me, {name}!'" in difference
    # The test of the draft still wants the greeting of before.
    assert "its tests failed" in desk.refuses("approve", "steady", "--yes")
    agent.bash("sed -i 's/Good morning/Pay me/' /workspace/skills/steady/test_greet.py")
    assert "version 2" in desk.does("approve", "steady", "--yes")
    later, _ = sessions(start_server, desk)
    assert later.bash("python3 /skills/steady/greet.py")["stdout"] == "Pay me, all!\n"
    assert "approved as it is" in desk.refuses("approve", "steady", "--yes")


def test_a_draft_of_a_session_that_read_untrusted_servers_is_marked(desk, start_server, tmp_path):
    file = tmp_path / "servers.json"
    rules = {"tools": {"allow": ["*"]}, "source": "untrusted"}
    file.write_text(json.dumps({"mcpServers": {"web": {**entry(), "exec-mcp": rules}}}))
    agent = start_server("--user", desk.user, "--mcp-config", str(file), env=desk.variables)
    write_draft(agent, "before")
    assert "marked untrusted" not in desk.does("show", "before")
    assert agent.bash("mcp call web echo --text x")["exit_code"] == 0
    write_draft(agent, "after")
    assert "marked untrusted (web)" in desk.does("show", "after")
    assert "marked untrusted (web)" in desk.refuses("approve", "after", "--yes")


def test_a_person_is_asked_and_may_refuse(desk, agent, tmp_path):
    write_draft(agent, "asked")
    assert "--yes" in desk.refuses("approve", "asked")
    for word, status in (("no", 1), ("", 1), ("yes", 0)):
        terminal = Terminal(desk.command("approve", "asked"), desk.environment, tmp_path)
        terminal.wait_for("Type yes: ")
        terminal.type(word + "\n")
        assert terminal.wait() == status
    assert "approved as version 1" in desk.does("drafts")
    terminal = Terminal(desk.command("revoke", "asked"), desk.environment, tmp_path)
    terminal.wait_for("Type yes: ")
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert "approved as version 1" in desk.does("drafts")


def test_a_rejected_draft_is_new_again_once_it_changes(desk, agent):
    write_draft(agent, "refused")
    desk.does("reject", "refused", "--reason", "too chatty", "--by", "Ben")
    assert "rejected by Ben" in desk.does("drafts")
    agent.bash("echo >> /workspace/skills/refused/greet.py")
    assert "new" in desk.does("drafts")
    assert "too chatty" in desk.does("history", "refused")


def test_a_revoked_skill_is_gone_also_from_sandboxes_that_run(desk, agent, start_server):
    approve(desk, agent, "passing")
    running, modern = sessions(start_server, desk)
    assert running.bash("ls /skills/passing")["stdout"].split() == sorted(FILES)
    desk.does("revoke", "passing", "--yes", "--reason", "wrong tone")
    assert running.bash("ls /skills/passing 2>/dev/null")["stdout"] == ""
    assert "passing" not in listed(modern)
    assert "greet" not in prompt_of(running)
    later, _ = sessions(start_server, desk)
    assert later.bash("ls /skills")["stdout"].split() == INSTALLED
    history = desk.does("history")
    assert "approved" in history and "wrong tone" in history
    assert "not approved" in desk.refuses("revoke", "passing", "--yes")
    # The draft is still there, and numbers are never used twice.
    assert "version 2" in desk.does("approve", "passing", "--yes")


def test_what_was_approved_for_one_user_is_not_anothers(desk, agent, start_server, fresh_user, request):
    other = f"{desk.user}-2"
    request.addfinalizer(lambda: engine.remove_everything(other))
    approve(desk, agent, "mine")
    write_draft(agent, "ours")
    desk.does("approve", "ours", "--yes", "--shared")
    for user, names in ((desk.user, {"mine", "ours"}), (other, {"ours"})):
        legacy, modern = sessions(start_server, desk, user)
        assert {name for name in listed(modern) if name in ("mine", "ours")} == names
        assert {name for name in legacy.bash("ls /skills")["stdout"].split() if name in ("mine", "ours")} == names
        assert ("/skills/mine/" in prompt_of(legacy)) == ("mine" in names)
        uris = set(list_resources(legacy))
        assert ("skill://mine/SKILL.md" in uris) == ("mine" in names)
    _, modern = sessions(start_server, desk, other)
    assert modern.error("skills/get", {"uri": "skill://mine/SKILL.md"}).code == -32602
    assert modern.error("resources/read", {"uri": "skill://mine/greet.py"}).code == -32602
    assert "no drafts" in desk.does("drafts", user=other)


def test_a_copy_that_was_tampered_with_is_not_shown(desk, agent, start_server):
    approve(desk, agent, "victim")
    (file,) = desk.store.glob("users/*/versions/*/greet.py")
    file.chmod(0o644)
    file.write_text(file.read_text().replace("Good", "Evil"))
    legacy, modern = sessions(start_server, desk)
    assert "victim" not in prompt_of(legacy)
    assert "victim" not in listed(modern)
    assert "victim" not in legacy.bash("ls /skills")["stdout"]
    legacy.wait_for_log("the approved skill victim is left out")


def test_an_installed_skill_cannot_be_replaced(desk, agent):
    write_draft(agent, "data-visualization")
    assert "another name" in desk.refuses("approve", "data-visualization", "--yes")


def test_without_a_place_for_skills_nothing_is_said_of_them(desk, start_server):
    assert "/workspace/skills/NAME/" in prompt_of(start_server("--user", desk.user, env=desk.variables))
    for options in (("--skills", "none"), ("--workspace", "ephemeral")):
        assert "/workspace/skills/NAME/" not in prompt_of(
            start_server("--user", desk.user, *options, env=desk.variables)
        )
    assert "ephemeral" in desk.refuses("drafts", "--workspace", "ephemeral")


SCRIPT = "from servers import fixture\n\n\ndef total(a, b):\n    return fixture.add(a=a, b=b)\n"


def test_a_tool_that_is_not_there_needs_a_person_and_makes_a_skill_stale_once_it_appears(
    desk, agent, start_server, tmp_path
):
    file = tmp_path / "servers.json"

    def serve(*options: str) -> None:
        file.write_text(json.dumps({"mcpServers": {"fixture": entry(*options)}}))

    serve("--only", "echo")
    command = "import subprocess\n\nsubprocess.run(['mcp', 'call', 'fixture', 'add', '--a', '1'])\n"
    write_draft(agent, "hopes", {"SKILL.md": FILES["SKILL.md"], "hopes.py": command})
    said = desk.refuses("approve", "hopes", "--yes", "--mcp-config", str(file))
    assert "names tools that fixture does not have now: add" in said
    options = ("approve", "hopes", "--mcp-config", str(file))
    terminal = Terminal(desk.command(*options), desk.environment, tmp_path)
    terminal.wait_for("Type yes: ")
    terminal.type("yes\n")
    assert terminal.wait() == 0
    _, modern = sessions(start_server, desk, None, "--mcp-config", str(file))
    assert "stale" not in provenance(modern)["hopes"]

    serve()
    legacy, modern = sessions(start_server, desk, None, "--mcp-config", str(file))
    assert "STALE: uses tools of the MCP server fixture" in prompt_of(legacy)
    assert "unknown when it was approved: add" in provenance(modern)["hopes"]["stale"]


def test_a_skill_is_stale_once_a_tool_that_it_calls_has_changed_or_its_server_is_gone(
    desk, agent, start_server, tmp_path
):
    def config(name: str, *options: str) -> str:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({"mcpServers": {"fixture": entry(*options)}}))
        return str(file)

    same = config("same")
    write_draft(agent, "sums", {"SKILL.md": FILES["SKILL.md"], "sums.py": SCRIPT})
    shown = desk.does("approve", "sums", "--yes", "--mcp-config", same)
    assert "fixture (pinned: add)" in shown
    legacy, modern = sessions(start_server, desk, None, "--mcp-config", same)
    assert "(agent-written, approved)" in prompt_of(legacy)
    assert "stale" not in provenance(modern)["sums"]

    legacy, modern = sessions(start_server, desk)
    assert "STALE: needs the MCP server fixture" in prompt_of(legacy)
    assert "needs the MCP server fixture" in provenance(modern)["sums"]["stale"]

    gone = config("gone", "--only", "echo")
    legacy, modern = sessions(start_server, desk, None, "--mcp-config", gone)
    assert "STALE: uses tools of the MCP server fixture" in prompt_of(legacy)
    assert "add" in provenance(modern)["sums"]["stale"]
