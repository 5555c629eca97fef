"""The command line: what it accepts, what it refuses, and that a flag beats its variable."""

import os
import pwd
import subprocess

import pytest
from support import engine
from support.stdio_client import StdioClient, server_binary


def start(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the server with nothing to say to it."""
    environment = {**os.environ, **(env or {})}
    return subprocess.run(
        [server_binary(), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )


REFUSED = [
    (["--no-such-flag"], "--no-such-flag"),
    (["--no-such-flag", "x"], "--no-such-flag"),
    (["-x"], "-x"),
    (["surplus"], "surplus"),
    (["--user"], "--user"),
    (["--image"], "--image"),
    (["--user", "../x"], "--user"),
    (["--user", ""], "--user"),
    (["--user", "a b"], "--user"),
    (["--user", "x" * 64], "--user"),
    (["--memory", "lots"], "--memory"),
    (["--memory", "-1g"], "--memory"),
    (["--cpus", "zero"], "--cpus"),
    (["--cpus", "0"], "--cpus"),
    (["--pids", "-1"], "--pids"),
    (["--pids", "1.5"], "--pids"),
    (["--max-timeout", "soon"], "--max-timeout"),
    (["--max-timeout", "0"], "--max-timeout"),
    (["--output-limit", "-5"], "--output-limit"),
    (["--output-limit", "99999999999999999999"], "--output-limit"),
    (["--artifact-limit-mb", "big"], "--artifact-limit-mb"),
    (["--artifact-links", "yes"], "--artifact-links"),
    (["--workspace-limit", "some"], "--workspace-limit"),
    (["--idle-timeout", "-1"], "--idle-timeout"),
    (["--max-sandboxes", "0"], "--max-sandboxes"),
    (["--prewarm=1"], "--prewarm"),
    (["--prewarm-users", "a b"], "--prewarm-users"),
    (["--prewarm-users", "a,b", "--max-sandboxes", "2"], "--max-sandboxes is 2"),
    (["--prewarm-users", "a", "--workspace", "/tmp"], "--prewarm-users names a"),
    (["--audit-log", ""], "--audit-log"),
    (["--log-level", "loud"], "--log-level"),
    (["--network", "host"], "--network"),
    (["--network", "container:other"], "--network"),
    (["--network", "two words"], "--network"),
    (["--network", "--privileged"], "--network"),
    (["--workspace", "/no/such/directory"], "--workspace"),
    (["--workspace", "/etc/passwd"], "--workspace"),
    (["--workspace", "no-such"], "no such directory in "),
    (["--runtime", "--privileged"], "--runtime"),
    (["--image", "--privileged"], "--image"),
    (["--image", ""], "--image"),
]


@pytest.mark.parametrize(("arguments", "named"), REFUSED, ids=lambda value: " ".join(value)[:40])
def test_a_bad_option_is_refused_with_one_line_that_names_it(arguments, named):
    done = start(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert named in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MCP_EXECUTOR_USER", "../x"),
        ("MCP_EXECUTOR_MEMORY", "lots"),
        ("MCP_EXECUTOR_CPUS", "none"),
        ("MCP_EXECUTOR_PIDS", "-1"),
        ("MCP_EXECUTOR_MAX_TIMEOUT", "soon"),
        ("MCP_EXECUTOR_OUTPUT_LIMIT", "x"),
        ("MCP_ARTIFACT_SIZE_LIMIT_MB", "x"),
        ("MCP_EXECUTOR_IDLE_TIMEOUT", "x"),
        ("MCP_EXECUTOR_MAX_SANDBOXES", "x"),
        ("MCP_EXECUTOR_PREWARM", "maybe"),
        ("MCP_EXECUTOR_PREWARM_USERS", "a,,b"),
        ("MCP_EXECUTOR_LOG_LEVEL", "loud"),
        ("MCP_EXECUTOR_NETWORK", "host"),
        ("MCP_EXECUTOR_WORKSPACE", "/no/such/directory"),
        ("MCP_EXECUTOR_WORKSPACE_LIMIT", "some"),
    ],
)
def test_a_bad_variable_is_refused_likewise(variable, value):
    done = start(env={variable: value})
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert variable in done.stderr


@pytest.mark.parametrize(("flag", "value", "accepted"), [("--log-level", "loud", "info"), ("--user", "a b", "A-Z")])
def test_a_refusal_says_what_is_accepted(flag, value, accepted):
    assert accepted in start(flag, value).stderr


def test_a_line_break_in_a_value_does_not_break_the_line():
    done = start("--log-level", "lo\nud")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_flag_beats_its_variable(start_server, fresh_user):
    variables = {"MCP_EXECUTOR_USER": "ignored-user", "MCP_EXECUTOR_PIDS": "99", "MCP_EXECUTOR_MEMORY": "400m"}
    server = start_server("--user", fresh_user, "--memory", "300m", env=variables)
    server.bash("true")
    settings = engine.inspect(engine.only_container(fresh_user))
    assert settings["HostConfig"]["Memory"] == 300 * 1024**2
    assert settings["HostConfig"]["PidsLimit"] == 99
    assert engine.containers("ignored-user") == []


@pytest.mark.parametrize("variables", [{}, {"LOGNAME": "mallory", "USER": "mallory"}], ids=["own", "foreign"])
def test_the_user_is_the_login_name(variables):
    # Without volumes: they would be of the user who runs the tests.
    with StdioClient(["--workspace", "ephemeral"], env={"MCP_EXECUTOR_USER": None, **variables}) as server:
        server.initialize()
        server.bash("true")
        # Others may have sandboxes of this user, which come and go.
        labels = {"user": pwd.getpwuid(os.getuid()).pw_name, "pid": server.process.pid}
        filters = [f"--filter=label={engine.LABEL_PREFIX}{name}={value}" for name, value in labels.items()]
        assert len(engine.run("ps", "--quiet", *filters).split()) == 1


@pytest.mark.parametrize(
    ("place", "value"), [("", "."), ("below", ".."), ("below", "../below"), ("", "below"), ("", "file://HERE/below")]
)
def test_a_directory_of_the_host_may_be_a_relative_path(user, tmp_path, place, value):
    (tmp_path / "below").mkdir()
    value = value.replace("HERE", str(tmp_path))
    directory = os.path.normpath(tmp_path / place / value.removeprefix("file://"))
    with open(os.path.join(directory, "mine.txt"), "w") as file:
        file.write("here")
    done = subprocess.run(
        [server_binary(), "--user", user, "--workspace", value],
        input='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
        '"clientInfo":{"name":"t","version":"1"}}}\n',
        capture_output=True,
        text=True,
        cwd=tmp_path / place,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and '"id":1' in done.stdout, done.stderr


def test_a_flag_may_be_joined_to_its_value(start_server, fresh_user):
    server = start_server(f"--user={fresh_user}", "--memory=300m")
    server.bash("true")
    assert engine.inspect(engine.only_container(fresh_user))["HostConfig"]["Memory"] == 300 * 1024**2


def test_help_lists_every_option_with_its_variable():
    done = start("--help")
    assert done.returncode == 0
    for flag in ("image", "engine", "user", "tools", "skills", "workspace", "network", "memory", "cpus", "pids"):
        assert f"--{flag}" in done.stdout
    for flag in ("runtime", "max-timeout", "output-limit", "artifact-limit-mb", "workspace-limit"):
        assert f"--{flag}" in done.stdout
    for flag in ("idle-timeout", "max-sandboxes", "prewarm", "prewarm-users", "log-level"):
        assert f"--{flag}" in done.stdout
    for variable in ("MCP_EXECUTOR_IMAGE", "MCP_TOOLS_PATH", "MCP_SKILLS_PATH", "MCP_ARTIFACT_SIZE_LIMIT_MB"):
        assert variable in done.stdout


def test_version_is_one_line():
    done = start("--version")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert any(character.isdigit() for character in done.stdout)
