"""A chmod of the workspace locks nobody out of it: not the next call, and not the next sandbox."""

import os

import pytest
from support.stdio_client import text_of

SLIPS = ["chmod 555 /workspace", "chmod 000 /workspace", "mkdir -p d; touch d/f; chmod -R a-w ."]


@pytest.fixture
def workspace(tmp_path):
    """A directory that belongs to the code, as the workspace does in images that know one user."""
    place = tmp_path / "workspace"
    place.mkdir()
    os.chown(place, 4321, 4321)
    for above in (tmp_path, *list(tmp_path.parents)[:2]):
        above.chmod(above.stat().st_mode | 0o111)
    return place


@pytest.fixture(params=["volume", "directory"])
def server(request, start_server, fresh_user):
    options = ["--workspace", str(request.getfixturevalue("workspace"))] if request.param == "directory" else []
    return start_server("--user", fresh_user, *options)


@pytest.mark.parametrize("slip", SLIPS)
def test_the_next_call_works(server, slip):
    server.bash(slip)
    assert server.bash("touch /workspace/new && echo made") == {"exit_code": 0, "stdout": "made\n", "stderr": ""}
    server.bash(slip)
    assert text_of(server.call_tool("write_file", file_path="w.txt", content="x")).startswith("Successfully wrote")
    server.bash(slip)
    assert server.call_tool("read_file", file_path="w.txt")["content"][0]["text"] == "x"


def test_the_log_says_why(start_server, fresh_user, workspace):
    server = start_server("--user", fresh_user, "--workspace", str(workspace))
    server.bash("chmod 555 /workspace")
    server.bash("true")
    server.wait_for_log("the user lacked full access to /workspace: restored the owner's permissions")


def test_what_is_in_it_stays_as_it_was_made(start_server, fresh_user, workspace):
    server = start_server("--user", fresh_user, "--workspace", str(workspace))
    server.bash("mkdir -p kept; echo x > kept/f; chmod -R 555 .")
    assert server.bash("stat -c %a /workspace kept kept/f")["stdout"] == "755\n555\n555\n"


def test_the_next_sandbox_works_and_the_log_says_why(start_server, fresh_user, workspace):
    options = ("--user", fresh_user, "--workspace", str(workspace))
    server = start_server(*options)
    server.bash("echo kept > file")
    server.close()
    workspace.chmod(0o555)
    server = start_server(*options)
    outcome = server.bash("cat file; touch more && stat -c %a /workspace")
    assert outcome == {"exit_code": 0, "stdout": "kept\n755\n", "stderr": ""}
    server.wait_for_log("the user lacked full access to /workspace: restored the owner's permissions")


def test_nobody_in_a_sandbox_can_close_its_volumes(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    assert server.bash("chmod 555 /workspace /artifacts")["exit_code"] != 0
    assert server.bash("touch /workspace/x /artifacts/x")["exit_code"] == 0
