"""A chmod of the workspace locks nobody out of it: not the next call, and not the next sandbox."""

import pytest
from support.stdio_client import text_of

SLIPS = ["chmod 555 /workspace", "chmod 000 /workspace", "mkdir -p d; touch d/f; chmod -R a-w ."]


@pytest.mark.parametrize("slip", SLIPS)
def test_the_next_call_works(client, slip):
    client.bash("rm -rf new w.txt d")
    client.bash(slip)
    assert client.bash("touch /workspace/new && echo made") == {"exit_code": 0, "stdout": "made\n", "stderr": ""}
    client.bash(slip)
    assert text_of(client.call_tool("write_file", file_path="w.txt", content="x")).startswith("Successfully wrote")
    client.bash(slip)
    assert client.call_tool("read_file", file_path="w.txt")["content"][0]["text"] == "x"
    client.bash("chmod -R u+rwX .")


def test_what_is_in_it_stays_as_it_was_made(client):
    client.bash("mkdir -p kept; echo x > kept/f; chmod -R 555 .")
    assert client.bash("stat -c %a /workspace kept kept/f")["stdout"] == "755\n555\n555\n"
    client.bash("chmod -R u+rwX .")


def test_the_next_sandbox_works_and_the_log_says_why(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("echo kept > file; echo > /artifacts/a.txt; chmod 555 /workspace; chmod 000 /artifacts")
    server.close()
    server = start_server("--user", fresh_user)
    outcome = server.bash("cat file; touch more && echo 1 > /artifacts/a.txt && stat -c %a /workspace /artifacts")
    assert outcome == {"exit_code": 0, "stdout": "kept\n755\n700\n", "stderr": ""}
    assert "could not work in /workspace, /artifacts: gave the owner's rights back" in server.stderr
