"""Nothing that a client, a skill or a sandbox says becomes an argument of the engine's command line."""

import shlex

import pytest
from support import engine
from support.in_between import write_engine
from support.stdio_client import StdioClient, text_of

INVALID_PARAMS = -32602
OPTIONS = ["--privileged", "-v/:/host", "--volume=/:/host", "--network=host", "--cap-add=ALL", "--rm=false", "--"]
TRICKS = ["$(id)", "`id`", "a;id", "a|id", "a&&id", "a\nb", "a\0b", "a,b", "a=b", "a:b", "a/b", "a\\b", "../a"]


@pytest.fixture
def recorder(tmp_path):
    """An engine that notes each of its arguments on a line of its own before it does what it is asked to."""
    record = tmp_path / "arguments"
    record.touch()
    program = write_engine(tmp_path / "engine", f"printf '%s\\n' \"$@\" >> {shlex.quote(str(record))}")
    return program, record


@pytest.mark.parametrize("name", OPTIONS + TRICKS)
def test_a_user_id_is_never_an_option(client, name):
    for method, params in (
        ("tools/call", {"name": "execute_bash", "arguments": {"command": "true"}}),
        ("resources/list", {}),
        ("resources/read", {"uri": "artifact:///a.txt"}),
    ):
        pending = client.start(method, params, meta={"x-user-id": name}, deliberate=True)
        assert client.response(pending)["error"]["code"] == INVALID_PARAMS


def test_what_calls_say_is_not_on_the_command_line(start_server, fresh_user, recorder):
    program, record = recorder
    server = start_server("--user", fresh_user, "--engine", str(program))
    for value in [*OPTIONS, *(trick for trick in TRICKS if "\0" not in trick)]:
        marked = f"SAID{value}"
        server.bash(f"echo {shlex.quote(marked)}")
        server.call_tool("write_file", file_path=f"/tmp/{marked}/f", content=marked)
        server.call_tool("read_file", file_path=marked)
        server.call_tool("read_docstring", file_path=marked, function_name=marked)
    server.bash("echo x > /artifacts/SAID--privileged; echo SAID--privileged >&2")
    server.request("resources/list")
    server.request("resources/read", {"uri": "artifact:///SAID--privileged"})
    server.close()
    arguments = record.read_text().splitlines()
    assert "--read-only" in arguments, "nothing was recorded"
    assert not [argument for argument in arguments if "SAID" in argument]


@pytest.mark.parametrize("path", OPTIONS)
def test_a_file_called_like_an_option_is_a_file(client, path):
    path = path.replace("/", "_")
    written = client.call_tool("write_file", file_path=path, content="def f():\n    '''documented'''\n")
    assert not written.get("isError"), written
    assert "documented" in text_of(client.call_tool("read_file", file_path=path))
    assert text_of(client.call_tool("read_docstring", file_path=path, function_name="f")) == "documented"
    client.bash(f"rm -- {shlex.quote(path)}")


HOSTILE_NAMES = ["--privileged", "a,target=etc", "a,readonly=false", 'quo"ted', "with space", "$(id)", "a;b", "-v"]


def test_skills_and_tools_with_hostile_names_are_mounted_and_no_more(start_server, fresh_user, tmp_path, recorder):
    program, _ = recorder
    skills, tools = tmp_path / "skills,readonly=false", tmp_path / 'to"ols,target=%2Fetc'
    for name in HOSTILE_NAMES:
        (skills / name).mkdir(parents=True)
        (skills / name / "SKILL.md").write_text(f"---\nname: n\ndescription: '{name}'\n---\nbody\n")
    tools.mkdir()
    (tools / "mine.py").write_text("def f():\n    return 'mine'\n")
    options = ("--engine", str(program), "--skills", str(skills), "--tools", str(tools))
    server = start_server("--user", fresh_user, *options)
    assert server.python("import mine; print(mine.f())")["stdout"] == "mine\n"
    assert set(server.python("import os; print(*os.listdir('/skills'), sep='\\n')")["stdout"].splitlines()) == set(
        HOSTILE_NAMES
    )
    assert server.bash("touch /skills/new /tools/new")["exit_code"] != 0
    described = engine.inspect(engine.only_container(fresh_user))
    assert described["HostConfig"]["Privileged"] is False
    places = {mount["Destination"].split("/")[1] for mount in described["Mounts"]}
    assert places <= {"workspace", "artifacts", "tools", "skills"}
    assert all(not mount["RW"] for mount in described["Mounts"] if mount["Type"] == "bind")


@pytest.mark.parametrize("flag", ["--image", "--network", "--runtime", "--memory", "--cpus", "--pids", "--user"])
@pytest.mark.parametrize("value", ["--privileged", "-v/:/host", "", " ", "a b", "a\nb"])
def test_an_option_of_ours_is_no_option_of_the_engines(flag, value, tmp_path, recorder):
    """It is refused at the start, whether it is joined to its flag or the next argument."""
    program, record = recorder
    for arguments in ([flag, value], [f"{flag}={value}"]):
        refused = StdioClient([*arguments, "--engine", str(program)])
        assert refused.wait_exit() == 2
        assert flag in refused.stderr
    assert record.read_text() == ""


VARIABLES = ["IMAGE", "NETWORK", "RUNTIME", "MEMORY", "CPUS", "PIDS", "USER", "WORKSPACE", "WORKSPACE_LIMIT"]


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("value", ["--privileged", "-v/:/host", " ", "a b", "a\nb"])
def test_a_variable_of_ours_is_no_option_of_the_engines(name, value, recorder):
    program, record = recorder
    refused = StdioClient(["--engine", str(program)], env={f"MCP_EXECUTOR_{name}": value})
    assert refused.wait_exit() == 2
    assert f"MCP_EXECUTOR_{name}" in refused.stderr
    assert record.read_text() == ""
