"""Calls that a person decides about, outside of any client: `exec-mcp bridge pending|approve|deny|rules`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import real_servers
from support.bridged import audited, bridged_server, output
from support.stdio_client import StdioClient, server_binary

Json = dict[str, Any]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    git = ["git", "-C", str(path), "-c", "user.name=Ann", "-c", "user.email=ann@shop.example"]
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", str(path)], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "First"], check=True)
    return path


def branches(repository: Path) -> set[str]:
    """What the server of the repository has really done."""
    command = ["git", "-C", str(repository), "branch", "--format=%(refname:short)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()) - {"main"}


@pytest.fixture
def run(user: str, tmp_path: Path, repository: Path) -> Any:
    """Starts an exec-mcp with the git server, each time with the same state."""

    @contextmanager
    def start(**settings: Any) -> Iterator[StdioClient]:
        servers = {"git": real_servers.git(repository, **settings)}
        with bridged_server(user, tmp_path / "state-and-log", servers) as client:
            yield client

    return start


@pytest.fixture
def bridge(user: str, tmp_path: Path) -> Any:
    """Runs `exec-mcp bridge …` as the person who runs the server."""

    def command(*arguments: str, of: str = user) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state-and-log" / "state")}
        return subprocess.run(
            [server_binary(), "bridge", *arguments, "--user", of],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment,
            stdin=subprocess.DEVNULL,
        )

    return command


def unbroken(shown: str) -> str:
    """What `bridge approve` and `pending` show, with the rows of a line in one."""
    return shown.replace("\n    ↳   ", "")


def create(client: StdioClient, repository: Path, branch: str) -> Json:
    """Creates a branch: prints `done`, or the error's type and its id."""
    program = f"""
from servers import ToolError, git
try:
    git.git_create_branch(repo_path={str(repository)!r}, branch_name={branch!r})
    print("done")
except ToolError as error:
    print(type(error).__name__, error.data.get("approval", ""))
    print(error.text)
"""
    first, *text = output(client, program).splitlines()
    kind, _, approval = first.partition(" ")
    return {"kind": kind, "id": approval, "text": "\n".join(text)}


def test_exactly_the_approved_call_runs_and_once(run, bridge, repository, tmp_path):
    with run() as client:
        asked = create(client, repository, "one")
        assert asked["kind"] == "ApprovalRequired"
        assert f"exec-mcp bridge approve {asked['id']} --user" in asked["text"]
        assert create(client, repository, "one")["id"] == asked["id"], "the same call waits once"
        (waiting,) = json.loads(bridge("pending", "--json").stdout)["pending"]
        assert (waiting["id"], waiting["server"], waiting["tool"]) == (asked["id"], "git", "git_create_branch")
        assert json.loads(waiting["arguments"]) == {"repo_path": str(repository), "branch_name": "one"}
        assert branches(repository) == set(), "nothing has run"

        approved = bridge("approve", asked["id"])
        assert approved.returncode == 0, approved.stderr
        assert '"branch_name":"one"' in unbroken(approved.stdout) and "approved: it may be made once" in approved.stdout
        other = create(client, repository, "two")
        assert other["kind"] == "ApprovalRequired" and other["id"] != asked["id"], "other arguments"
        assert create(client, repository, "one")["kind"] == "done"
        assert branches(repository) == {"one"}
        assert create(client, repository, "one")["kind"] == "ApprovalRequired", "used up"
        assert bridge("approve", asked["id"]).returncode == 1
    rules = [line["rule"] for line in audited(tmp_path / "state-and-log")]
    assert rules == ["default", "default", "default", "default, approved once", "default"]


def test_a_denied_call_is_denied(run, bridge, repository):
    with run() as client:
        asked = create(client, repository, "one")
        assert bridge("deny", asked["id"]).returncode == 0
        assert create(client, repository, "one")["kind"] == "ToolDenied"
        assert bridge("approve", asked["id"]).returncode == 1
        assert create(client, repository, "two")["kind"] == "ApprovalRequired"
    assert branches(repository) == set()


def test_an_approval_for_the_session_ends_with_it(run, bridge, repository):
    with run() as client:
        asked = create(client, repository, "one")
        assert bridge("approve", asked["id"], "--session").returncode == 0
        assert [create(client, repository, name)["kind"] for name in ("one", "two", "three")] == ["done"] * 3
    with run() as client:
        assert create(client, repository, "four")["kind"] == "ApprovalRequired"
    assert branches(repository) == {"one", "two", "three"}


def test_an_approval_for_good_lasts_until_it_is_taken_back(run, bridge, repository, tmp_path):
    configuration = str(tmp_path / "state-and-log" / "servers.json")

    def rule() -> Json:
        done = bridge("rules", "git", "--json", "--mcp-config", configuration)
        assert done.returncode == 0, done.stderr
        (server,) = json.loads(done.stdout)["servers"]
        return next(tool for tool in server["tools"] if tool["name"] == "git_create_branch")

    with run() as client:
        asked = create(client, repository, "one")
        assert rule()["action"] == "ask"
        assert bridge("approve", asked["id"], "--always").returncode == 0
        assert create(client, repository, "one")["kind"] == "done"
    with run() as client:
        assert create(client, repository, "two")["kind"] == "done"
        assert (rule()["action"], rule()["approved"]) == ("run", True)
        assert "[needs approval" not in client.bash("mcp list git | grep create_branch")["stdout"]
        assert bridge("rules", "--forget", "git", "git_create_branch").stdout.startswith("1 approval revoked")
        assert create(client, repository, "three")["kind"] == "ApprovalRequired"
    assert branches(repository) == {"one", "two"}


def test_a_rule_that_asks_cannot_be_approved_for_good(run, bridge, repository):
    with run(tools={"ask": ["git_create_*"], "allow": ["*"]}) as client:
        asked = create(client, repository, "one")
        refused = bridge("approve", asked["id"], "--always")
        assert refused.returncode == 1 and "a rule of the configuration" in refused.stderr
        assert bridge("approve", asked["id"]).returncode == 0
        assert create(client, repository, "one")["kind"] == "done"
        assert create(client, repository, "two")["kind"] == "ApprovalRequired"


def test_an_id_is_of_one_user_and_is_not_guessed(run, bridge, repository, user):
    with run() as client:
        asked = create(client, repository, "one")
        for identifier, of in ((asked["id"], f"{user}-other"), ("aaaa-bbbb-cccc", user), ("", user), ("../x", user)):
            refused = bridge("approve", identifier, of=of)
            assert refused.returncode == 1 and "waits under the id" in refused.stderr
        assert create(client, repository, "one")["kind"] == "ApprovalRequired"


def test_what_an_approval_shows_hides_nothing(run, bridge, repository):
    with run() as client:
        asked = create(client, repository, "one\u202e\u200bx\x1b[2J")
        for shown in (bridge("pending"), bridge("approve", asked["id"])):
            text = unbroken(shown.stdout).replace("\n", "")
            assert text.isprintable() and r"one\u202e\u200bx\u001b[2J" in text


def test_a_tool_that_lies_about_itself_asks_once_it_is_not_trusted(user, tmp_path, bridge):
    """This one declares that it only reads, and makes records."""
    program = """
from servers import ToolError, ecommerce
try: print(type(ecommerce.case_create(case_id="CASE-9", initial_agent="refunds")).__name__)
except ToolError as error: print(type(error).__name__, error.data["approval"])
try: print("there is a case" if ecommerce.case_get(case_id="CASE-9").get("data") else "no case")
except ToolError as error: print("no case")
"""
    settings = {"trustHints": False, "tools": {"allow": ["case_get"]}}
    servers = {"ecommerce": real_servers.ecommerce(**settings)}
    with bridged_server(user, tmp_path / "state-and-log", servers) as client:
        asked, case = output(client, program).splitlines()
        assert (asked.split()[0], case) == ("ApprovalRequired", "no case")
        assert bridge("approve", asked.split()[1]).returncode == 0
        assert output(client, program).splitlines() == ["dict", "there is a case"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("approve",),
        ("approve", "a", "b"),
        ("deny",),
        ("deny", "a", "--always"),
        ("approve", "a", "--always", "--session"),
        ("pending", "a"),
        ("pending", "--forget"),
        ("rules", "--forget"),
        ("check", "--json"),
    ],
)
def test_wrong_usage_says_so(bridge, arguments):
    done = bridge(*arguments)
    assert done.returncode == 2 and done.stdout == ""
