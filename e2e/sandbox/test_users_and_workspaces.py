"""Whose files are whose, and how long they live."""

import os
import secrets
import subprocess

import pytest
from support import engine
from support.stdio_client import ServerGone


@pytest.fixture
def people(fresh_user, passing_users):
    names = [f"{fresh_user}.{letter}" for letter in "ab"]
    passing_users += names
    return names


@pytest.mark.parametrize("modern", [False, True])
def test_the_user_of_a_call_decides_whose_sandbox_it_runs_in(start_server, fresh_user, people, modern):
    server = start_server("--user", fresh_user)
    for person in people:
        server.call_tool("write_file", file_path="me.txt", content=person, meta={"x-user-id": person}, modern=modern)
    for person in people:
        seen = server.call_tool("read_file", file_path="me.txt", meta={"x-user-id": person}, modern=modern)
        assert seen["content"][0]["text"] == person
        assert len(engine.containers(person)) == 1
    assert engine.containers(fresh_user) == []
    assert server.bash("ls me.txt")["exit_code"] != 0


def test_users_cannot_see_each_others_processes(start_server, fresh_user, people):
    server = start_server("--user", fresh_user)
    server.bash("sleep 34567 &", meta={"x-user-id": people[0]})
    seen = server.bash("ps -eo args", meta={"x-user-id": people[1]})
    assert "34567" not in seen["stdout"]


def test_the_users_of_one_server_end_with_it(start_server, fresh_user, people):
    server = start_server("--user", fresh_user)
    for person in people:
        server.bash("true", meta={"x-user-id": person})
    server.close()
    for person in people:
        engine.wait_until_gone(person)


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "0", "x" * 63])
def test_every_legal_user_id_is_accepted(start_server, fresh_user, name):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    assert server.bash("echo welcome", meta={"x-user-id": name})["stdout"] == "welcome\n"


def test_a_persistent_workspace_survives_its_server(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    server.bash("echo work > work.txt; echo art > /artifacts/art.txt; echo gone > ~/home.txt; echo gone > /tmp/tmp.txt")
    server.close()
    engine.wait_until_gone(fresh_user)
    assert engine.volumes(fresh_user)
    again = start_server("--user", fresh_user)
    outcome = again.bash("cat work.txt /artifacts/art.txt; ls ~/home.txt /tmp/tmp.txt")
    assert outcome["stdout"] == "work\nart\n"


def test_an_ephemeral_workspace_is_gone_with_its_container(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--workspace", "ephemeral")
    assert server.bash("echo x > x.txt; echo y > /artifacts/y.txt; cat x.txt")["stdout"] == "x\n"
    mounts = server.bash("stat -f -c %T /workspace /artifacts")["stdout"].split()
    assert mounts == ["tmpfs", "tmpfs"]
    server.close()
    engine.wait_until_gone(fresh_user)
    assert engine.volumes(fresh_user) == []
    again = start_server("--user", fresh_user, "--workspace", "ephemeral")
    assert again.bash("ls -A /workspace /artifacts")["stdout"] == "/artifacts:\n\n/workspace:\n"


def make_workspace(path, mode: int, owner: int | None = None) -> None:
    path.mkdir()
    (path / "from-host.txt").write_text("hello from the host\n")
    if owner is not None and os.geteuid() == 0:  # an ordinary user's tests make directories that are already its own
        os.chown(path, owner, owner)
        os.chown(path / "from-host.txt", owner, owner)
    path.chmod(mode)


@pytest.mark.parametrize(("mode", "owner"), [(0o777, None), (0o755, 4321), (0o700, 4321), (0o755, 1000)])
def test_a_directory_of_the_host_is_the_workspace(start_server, fresh_user, tmp_path, mode, owner):
    workspace = tmp_path / "my project, with spaces"
    make_workspace(workspace, mode, owner)
    server = start_server("--user", fresh_user, "--workspace", str(workspace))
    assert server.bash("cat from-host.txt")["stdout"] == "hello from the host\n"
    written = server.call_tool("write_file", file_path="from/sandbox.txt", content="hello back\n")
    assert not written.get("isError"), written
    assert (workspace / "from" / "sandbox.txt").read_text() == "hello back\n"
    status = server.bash("id -u; grep CapEff /proc/self/status; touch ~/x && echo home is writable")["stdout"].split(
        "\n"
    )
    assert status[0] != "0"
    assert status[1].split() == ["CapEff:", "0" * 16]
    assert status[2] == "home is writable"
    server.close()
    engine.wait_until_gone(fresh_user)
    assert (workspace / "from" / "sandbox.txt").stat().st_uid != 0 or os.geteuid() != 0


def test_a_directory_that_the_sandbox_cannot_write_is_an_error_with_a_remedy(start_server, fresh_user, tmp_path):
    workspace = tmp_path / "roots"
    make_workspace(workspace, 0o755 if os.geteuid() == 0 else 0o555)
    server = start_server("--user", fresh_user, "--workspace", str(workspace))
    result = server.call_tool("execute_bash", command="true")
    assert result["isError"] is True
    assert "/workspace" in result["content"][0]["text"]


@pytest.mark.parametrize("owner", [(501, 20), (4321, 8765)])
def test_the_owner_of_a_directory_has_a_name_and_artifacts_of_its_own(start_server, fresh_user, tmp_path, owner):
    """501:20 is who has the directories of a Mac. What was made in a volume under another number is in nobody's way."""
    server = start_server("--user", fresh_user)
    server.bash("echo volume > /artifacts/f.txt")
    server.close()
    workspace = tmp_path / "project"
    workspace.mkdir()
    if os.geteuid() == 0:
        os.chown(workspace, *owner)
    server = start_server("--user", fresh_user, "--workspace", str(workspace))
    program = "import getpass, os, pwd; print(pwd.getpwuid(os.getuid()).pw_name, getpass.getuser(), os.getuid())"
    number = owner[0] if os.geteuid() == 0 else os.geteuid()
    assert server.python(program)["stdout"] == f"coderunner coderunner {number}\n"
    assert server.bash("whoami; echo directory > /artifacts/f.txt")["stdout"] == "coderunner\n"
    assert server.bash("echo again > /artifacts/f.txt && cat /artifacts/f.txt")["stdout"] == "again\n"
    server.close()
    again = start_server("--user", fresh_user)
    assert again.bash("cat /artifacts/f.txt; echo new > /artifacts/f.txt")["stdout"] == "volume\n"


@pytest.fixture(scope="module")
def image_for_uid_1000():
    """An image as people make them who know of uid 1000 alone."""
    name = f"exec-mcp-test-own-{secrets.token_hex(4)}"
    directories = "/workspace /artifacts"
    dockerfile = f"FROM {engine.IMAGE}\nUSER root\nRUN chown 1000:1000 {directories} && chmod 0755 {directories}\n"
    built = subprocess.run(
        [engine.program(), "build", "--tag", name, "-"], input=dockerfile, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    yield name
    engine.run("image", "rm", "--force", name, check=False)


def test_an_image_that_knows_uid_1000_alone_works_and_the_log_says_what_it_costs(
    start_server, fresh_user, image_for_uid_1000
):
    server = start_server("--user", fresh_user, "--image", image_for_uid_1000)
    assert server.bash("id -u; whoami; echo kept > kept.txt; touch /artifacts/x ~/x")["stdout"] == "1000\ncoderunner\n"
    server.close()
    engine.wait_until_gone(fresh_user)
    assert "shares the kernel's limits per user" in server.stderr
    # The volume is uid 1000's, whatever image it is used with.
    server = start_server("--user", fresh_user)
    assert server.bash("id -u; echo more >> kept.txt && cat kept.txt")["stdout"] == "1000\nkept\nmore\n"


def test_a_directory_given_with_a_relative_path_is_found(start_server, fresh_user, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here").chmod(0o777)
    server = start_server("--user", fresh_user, "--workspace", "./here", cwd=tmp_path)
    server.bash("echo x > x.txt")
    assert (tmp_path / "here" / "x.txt").read_text() == "x\n"


@pytest.mark.parametrize("name", ["with,comma", "with:colon", "with space", "with'quote", "ünïcödé"])
def test_a_host_directory_may_have_any_name_or_is_refused_at_start(fresh_user, tmp_path, name, start_server):
    workspace = tmp_path / name
    workspace.mkdir()
    workspace.chmod(0o777)
    server = start_server("--user", fresh_user, "--workspace", str(workspace), initialize=None)
    try:
        server.initialize()
    except ServerGone:
        assert server.wait_exit() == 2
        return
    server.bash("echo x > x.txt")
    assert (workspace / "x.txt").read_text() == "x\n"
