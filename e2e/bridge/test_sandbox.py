"""Code in a real sandbox calls the tools of real MCP servers, from Python, from bash, and over the plain socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import engine
from support.fixture_server import entry, read_journal
from support.stdio_client import StdioClient, text_of

OPEN = {"tools": {"allow": ["*"]}}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def bridged(start_server, tmp_path: Path, journal: Path) -> Callable[..., StdioClient]:
    """Starts a server whose sandbox can call the tools of a scripted MCP server, `fixture`."""

    def start(*options: str, settings: Any = OPEN, fixture: tuple[str, ...] = (), **servers: Any) -> StdioClient:
        own = {**entry("--journal", str(journal), *fixture), "exec-mcp": settings}
        file = tmp_path / "servers.json"
        file.write_text(json.dumps({"mcpServers": {"fixture": own, **servers}}))
        return start_server("--mcp-config", str(file), *options, env={"XDG_STATE_HOME": str(tmp_path / "state")})

    return start


def output(client: StdioClient, program: str, **options: Any) -> str:
    result = client.python(program, **options)
    assert result["exit_code"] == 0, result["stderr"]
    return result["stdout"]


def test_python_calls_a_tool_and_the_result_counts_the_calls(bridged):
    client = bridged()
    result = client.python(
        "from servers import fixture\nprint(sum(fixture.add(a=n, b=1)['sum'] for n in range(10)), fixture.echo('é'))"
    )
    assert (result["stdout"], result["exit_code"]) == ("55 é\n", 0)
    assert result["stderr"] == "[tools: 11 calls, fixture 11]\n"


def test_a_result_names_its_calls_to_programs_that_show_them(bridged):
    client = bridged()
    program = "from servers import fixture\nfixture.add(a=1, b=1)\nfixture.echo('x')"
    result = client.call_tool("execute_bash", command=f"python3 - <<'END'\n{program}\nEND")
    calls = result["_meta"]["exec-mcp/command"]["calls"]
    assert [(call["server"], call["tool"], call["ok"]) for call in calls] == [
        ("fixture", "add", True),
        ("fixture", "echo", True),
    ]
    assert all(call["seconds"] >= 0 for call in calls)


def test_bash_calls_a_tool(bridged):
    client = bridged()
    result = client.bash("mcp call fixture add --a 2 --b 3 && mcp search 'adds numbers' | head -n 1")
    assert result["exit_code"] == 0, result["stderr"]
    assert json.loads(result["stdout"].splitlines()[0]) == {"sum": 5}
    assert "fixture" in result["stdout"].splitlines()[1]


def test_any_language_calls_a_tool_over_the_socket(bridged):
    client = bridged()
    program = """
import os, socket
connection = socket.socket(socket.AF_UNIX)
connection.connect("\\0" + os.environ["MCP_BRIDGE"][1:])
connection.sendall(b'{"id": 1, "method": "call", "params": {"tool": "fixture__echo", "arguments": {"text": "x"}}}\\n')
print(connection.makefile().readline())
"""
    answer = json.loads(output(client, program))
    assert answer["result"]["content"] == [{"type": "text", "text": "x"}]


def test_read_docstring_documents_a_tool(bridged):
    result = bridged().call_tool("read_docstring", file_path="/mcp/servers/fixture.py", function_name="add")
    assert "Adds two numbers." in text_of(result)


def test_the_prompt_names_the_servers(bridged):
    client = bridged()
    prompt = client.request("prompts/get", {"name": "agent_system_prompt"})
    text = prompt["messages"][0]["content"]["text"]
    assert "from servers import fixture" in text
    assert "COMPLETE" in text or "PARTIAL" in text


def test_a_tool_that_nobody_allowed_waits_for_approval_in_words(bridged, journal):
    client = bridged(settings={})
    result = client.python("from servers import fixture\nfixture.count()")
    assert result["exit_code"] == 1
    assert "ApprovalRequired" in result["stderr"]
    assert "exec-mcp bridge approve " in result["stderr"]
    assert '"exec-mcp": {"tools": {"allow": ["count"]}}' in result["stderr"]
    assert result["stderr"].endswith("[tools: 1 call, fixture 1; 1 failed]\n")
    assert [call for call in read_journal(journal, "call") if call.get("tool") == "count"] == []


def test_a_timeout_stands_still_while_a_tool_works(bridged):
    client = bridged()
    output(client, "from servers import fixture\nfixture.echo('x')")  # the server's start is not what takes time here
    result = client.python("from servers import fixture\nprint(fixture.slow(seconds=9))", timeout=8)
    assert (result["stdout"], result["exit_code"]) == ("done\n", 0)


def test_the_end_of_a_command_cancels_its_calls_and_names_them(bridged, journal):
    client = bridged("--max-timeout", "10")
    output(client, "from servers import fixture\nfixture.echo('x')")  # the server's start is not what takes time here
    result = client.python("from servers import fixture\nfixture.wait()", timeout=8)
    assert result["timed_out"]
    assert "not finished, may have happened: fixture.wait()" in result["stderr"]
    assert engine.poll(lambda: read_journal(journal, "cancelled")) is not None


def test_a_command_that_is_killed_names_what_may_have_happened(bridged, journal):
    client = bridged()
    started = client.start_tool(
        "execute_bash", command="echo $$ > pid; exec python3 -c 'from servers import fixture; fixture.wait()'"
    )
    assert engine.poll(lambda: read_journal(journal, "call")) is not None
    client.bash("kill -KILL $(cat pid)")
    result = client.result(started)["structuredContent"]
    assert "not finished, may have happened: fixture.wait()" in result["stderr"]


def test_a_server_that_crashes_is_an_error_and_comes_back(bridged):
    client = bridged()
    program = """
from servers import ToolError, fixture
try:
    fixture.crash(status=7)
except ToolError as error:
    print(type(error).__name__, "exit status 7" in str(error), "may have happened" in str(error))
print(fixture.echo("again"))
"""
    assert output(client, program) == "ServerUnavailable True True\nagain\n"


def test_a_server_knows_nothing_of_this_process(bridged, monkeypatch):
    monkeypatch.setenv("PRIVATE_KEY_OF_THE_HOST", "secret")
    facts = json.loads(
        output(bridged(), "import json\nfrom servers import fixture\nprint(json.dumps(fixture.surroundings()))")
    )
    assert "PRIVATE_KEY_OF_THE_HOST" not in facts["environment"]
    assert "PATH" in facts["environment"]


def test_a_changed_tool_is_there_in_the_next_command(bridged):
    client = bridged()
    output(client, "from servers import fixture\nfixture.grow(name='newest')")
    assert output(client, "from servers import fixture\nprint(fixture.newest(value='x'))") == "newest: x\n"


def test_every_call_is_in_the_audit_log(bridged, tmp_path):
    log = tmp_path / "audit.log"
    client = bridged("--audit-log", str(log))
    output(client, "from servers import fixture\nfixture.echo('secret words')")
    client.close()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    nested = [line for line in lines if line["tool"] == "fixture.echo"]
    assert len(nested) == 1
    assert (nested[0]["outcome"], nested[0]["rule"]) == ("ok", "allow *")
    assert set(nested[0]["arguments"]) == {"sha256", "bytes"}
    assert "secret words" not in json.dumps(nested)


def test_servers_end_with_the_program(bridged, journal):
    client = bridged()
    output(client, "from servers import fixture\nfixture.echo('x')")
    processes = {one["process"] for one in read_journal(journal)}
    client.close()
    assert len(processes) == 1
    assert engine.poll(lambda: not any(Path(f"/proc/{process}").exists() for process in processes)) is not None


def test_without_servers_nothing_of_the_bridge_is_there(client):
    result = client.bash("echo ${MCP_BRIDGE-none}; ls -d /mcp; command -v mcp")
    assert result["stdout"] == "none\n"


def test_a_container_with_the_bridge_has_no_network_either(bridged, fresh_user):
    client = bridged("--user", fresh_user)
    output(client, "from servers import fixture\nfixture.echo('x')")
    container = engine.only_container(fresh_user)
    assert engine.inspect(container)["HostConfig"]["NetworkMode"] == "none"
