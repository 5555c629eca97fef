"""Nothing of the host reaches a sandbox that was not given to it: no file, no variable, no setting of the engine's."""

import json
import os
import secrets
import shutil

import pytest
from support import engine
from support.stdio_client import text_of

SECRET = f"secret-{secrets.token_hex(8)}"


@pytest.fixture
def elsewhere(tmp_path):
    """A directory of the host that nobody gave away, with a secret in it."""
    place = tmp_path / "elsewhere"
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    (place / "secret.txt").write_text(SECRET)
    return place


@pytest.fixture
def project(tmp_path):
    place = tmp_path / "project"
    place.mkdir()
    place.chmod(0o777)
    return place


def assert_untouched(place):
    assert os.listdir(place) == ["secret.txt"]
    assert (place / "secret.txt").read_text() == SECRET


def test_a_link_in_the_workspace_leads_nowhere(start_server, fresh_user, project, elsewhere):
    (project / "link.txt").symlink_to(elsewhere / "secret.txt")
    (project / "links").symlink_to(elsewhere)
    server = start_server("--user", fresh_user, "--workspace", str(project))
    for path in ("link.txt", "links/secret.txt", "links/../elsewhere/secret.txt"):
        read = server.call_tool("read_file", file_path=path)
        assert read["isError"] is True
        assert SECRET not in text_of(read)
    for path in ("link.txt", "links/secret.txt", "links/new.txt"):
        server.call_tool("write_file", file_path=path, content="overwritten")
    server.bash("echo overwritten > link.txt; echo new > links/new.txt; cp links/secret.txt .")
    assert_untouched(elsewhere)


@pytest.mark.parametrize("when", ["before the first call", "between two sandboxes"])
def test_a_workspace_that_became_a_link_is_not_followed(start_server, fresh_user, project, elsewhere, when):
    """Whoever can write beside a workspace must not choose what the next sandbox gets."""
    server = start_server("--user", fresh_user, "--workspace", str(project))
    if when == "between two sandboxes":
        server.bash("true")
        engine.run("kill", engine.only_container(fresh_user))
        assert engine.poll(lambda: not engine.containers(fresh_user)) is not None
    shutil.rmtree(project)
    project.symlink_to(elsewhere)
    for _ in range(2):  # the first call may only tell of the end of the old sandbox
        result = server.call_tool("execute_bash", command="cat secret.txt; echo new > new.txt")
        assert SECRET not in json.dumps(result)
    assert result["isError"] is True
    assert str(project) in text_of(result)
    assert_untouched(elsewhere)


def test_settings_of_the_engines_command_line_do_not_reach_the_sandbox(start_server, fresh_user, tmp_path):
    """Docker's command line puts the proxies of its settings into containers, passwords included."""
    settings = {"proxies": {"default": {"httpProxy": f"http://user:{SECRET}@proxy.invalid:3128", "noProxy": SECRET}}}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    server = start_server("--user", fresh_user, env={"DOCKER_CONFIG": str(tmp_path)})
    assert SECRET not in server.bash("env; cat /proc/[0-9]*/environ 2> /dev/null")["stdout"]
    assert SECRET not in engine.run("inspect", engine.only_container(fresh_user))


def test_no_variable_of_the_host_reaches_the_sandbox(start_server, fresh_user):
    names = ["HTTPS_PROXY", "http_proxy", "LD_PRELOAD_X", "BASH_ENV", "ENV", "PYTHONSTARTUP", "AWS_SECRET_ACCESS_KEY"]
    names += [
        "SSH_AUTH_SOCK",
        "GITHUB_TOKEN",
        "MCP_EXECUTOR_SECRET",
        "BASH_FUNC_ls%%",
        "PROMPT_COMMAND",
        "DOCKER_SECRET",
    ]
    server = start_server("--user", fresh_user, env=dict.fromkeys(names, SECRET))
    server.call_tool("write_file", file_path="a.py", content='def f():\n    """d"""\n')
    server.call_tool("read_docstring", file_path="a.py", function_name="f")
    seen = server.bash("env; set; cat /proc/[0-9]*/environ 2> /dev/null; declare -F")["stdout"]
    assert SECRET not in seen
    assert SECRET not in engine.run("inspect", engine.only_container(fresh_user))


def test_mounts_tell_nothing_of_other_directories(start_server, fresh_user, project, elsewhere):
    """One file system may hold both: what is mounted is the directory and nothing above it."""
    server = start_server("--user", fresh_user, "--workspace", str(project))
    outcome = server.bash(f"cat /workspace/../elsewhere/secret.txt {elsewhere}/secret.txt; ls -a /workspace/..")
    assert SECRET not in outcome["stdout"]
    assert "elsewhere" not in outcome["stdout"]
