"""Without a working engine the server still speaks, and a call says what is wrong and how to mend it."""

import os
import stat

import pytest
from support import engine
from support.stdio_client import text_of


def failing_call(server) -> str:
    """What a call says when it cannot run; the server has to stay in its right mind."""
    result = server.call_tool("execute_bash", command="echo unexpected")
    assert result["isError"] is True
    assert "structuredContent" not in result
    assert server.request("ping") == {}
    assert len(server.request("tools/list")["tools"]) == 4
    return text_of(result)


def program(tmp_path, script: str) -> str:
    path = tmp_path / "engine"
    # In one step: the one that is there may be about to run, and could not be written to.
    new = tmp_path / "engine.new"
    new.write_text("#!/bin/sh\n" + script)
    new.chmod(new.stat().st_mode | stat.S_IXUSR)
    return str(new.replace(path))


def test_an_engine_that_is_not_there_is_named_with_a_remedy(start_server):
    text = failing_call(start_server("--engine", "/nonexistent/docker"))
    assert "/nonexistent/docker" in text
    assert "install" in text.lower()


def test_an_engine_name_that_is_nowhere_is_named(start_server):
    assert "no-such-engine" in failing_call(start_server("--engine", "no-such-engine"))


def test_a_daemon_that_does_not_run_is_told_from_a_missing_program(start_server, tmp_path):
    server = start_server(env={"DOCKER_HOST": f"unix://{tmp_path}/no.sock"})
    text = failing_call(server)
    assert "daemon" in text.lower() or "running" in text.lower()
    assert "start" in text.lower()


def test_a_missing_image_is_named_with_the_command_that_makes_it(start_server):
    text = failing_call(start_server("--image", "exec-mcp-no-such-image:none"))
    assert "exec-mcp-no-such-image:none" in text
    assert "make image" in text


def test_every_tool_says_so(start_server):
    server = start_server("--engine", "/nonexistent/docker")
    for tool, arguments in (
        ("write_file", {"file_path": "a", "content": "b"}),
        ("read_file", {"file_path": "a"}),
        ("read_docstring", {"file_path": "a.py", "function_name": "f"}),
    ):
        assert "/nonexistent/docker" in text_of(server.call_tool(tool, **arguments))


def test_a_modern_call_says_so_too(start_server):
    server = start_server("--engine", "/nonexistent/docker", initialize=None, modern=True)
    result = server.call_tool("execute_bash", command="true")
    assert result["isError"] is True
    assert result["resultType"] == "complete"


def test_the_call_after_the_remedy_works(start_server, tmp_path):
    real = engine.path_of_program()
    broken = program(tmp_path, "echo the daemon has stopped >&2; exit 1\n")
    server = start_server("--engine", broken)
    assert "the daemon has stopped" in failing_call(server)
    program(tmp_path, f'exec {real} "$@"\n')
    assert server.bash("echo mended")["stdout"] == "mended\n"


@pytest.mark.parametrize(
    "script",
    [
        "exit 0\n",
        "exit 125\n",
        "echo out of order >&2; exit 1\n",
        "echo this is no frame; exit 0\n",
        "echo this is no frame; cat > /dev/null\n",
        "head -c 1000000 /dev/urandom; cat > /dev/null\n",
        "yes | head -c 10000000; cat > /dev/null\n",
        "head -c 100 /dev/zero; cat > /dev/null\n",
        "head -c 100 /dev/zero | tr '\\0' '\\377'; cat > /dev/null\n",
        "exec 0<&-; sleep 1\n",
        "kill -9 $$\n",
    ],
)
def test_whatever_an_engine_answers_the_server_survives(start_server, tmp_path, script):
    """Only `run` misbehaves here: what comes back through the channel is untrusted."""
    behaviour = f'case " $* " in *" run "*) ;; *) exec {engine.path_of_program()} "$@";; esac\n{script}'
    text = failing_call(start_server("--engine", program(tmp_path, behaviour)))
    assert text
    if "out of order" in script:
        assert "out of order" in text


def test_the_engine_is_found_with_a_bare_path(start_server):
    """Hosts with a window start servers with next to no environment."""
    server = start_server(env={"PATH": "/usr/bin:/bin", **{name: None for name in os.environ if name != "HOME"}})
    assert server.bash("echo found")["stdout"] == "found\n"


def test_the_engine_is_found_without_any_path(start_server):
    server = start_server(env={name: None for name in os.environ if name not in ("HOME", "DOCKER_HOST")})
    assert server.bash("echo found")["stdout"] == "found\n"
