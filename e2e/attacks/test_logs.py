"""What is in the log is text on one line: nobody's words drive the terminal of who reads it, or fake a line."""

import pytest
from support.in_between import write_engine
from support.stdio_client import StdioClient

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m\r\nexec-mcp: error: forged\u2028exec-mcp: error: forged\u202eback"


def assert_harmless(log: str):
    assert log
    for line in log.split("\n")[:-1]:
        assert line.startswith("exec-mcp: "), repr(line)
        assert not line.startswith("exec-mcp: error: forged"), repr(line)
    shown = {character for character in log if character != "\n" and not character.isprintable()}
    assert not shown, f"{shown} in {log!r}"


def test_what_a_client_says_is_logged_as_text(start_server, fresh_user):
    server = start_server("--user", fresh_user, "--log-level", "debug", initialize=None)
    client_info = {"name": ESCAPES, "version": ESCAPES, "title": ESCAPES}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client_info}
    server.request("initialize", params)
    server.notify("notifications/initialized")
    server.send({"jsonrpc": "2.0", "method": "notifications/" + ESCAPES}, deliberate=True)
    server.error(ESCAPES)
    server.error("tools/call", {"name": ESCAPES, "arguments": {ESCAPES: ESCAPES}})
    server.error("prompts/get", {"name": ESCAPES})
    server.error("resources/read", {"uri": ESCAPES})
    server.response(server.start("ping", meta={"x-user-id": ESCAPES}, deliberate=True))
    server.call_tool("read_file", file_path=ESCAPES)
    server.exchange("{" + ESCAPES.replace("\n", ""))
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1, "reason": ESCAPES}})
    server.send({"jsonrpc": "2.0", "id": ESCAPES, "result": {}}, deliberate=True)
    server.bash(f"printf '%s' '{ESCAPES}' | tee /dev/stderr; exit 7")
    server.close()
    assert_harmless(server.stderr)


def test_what_an_engine_says_is_logged_as_text(start_server, fresh_user, tmp_path):
    (tmp_path / "words").write_text(ESCAPES)
    complaint = f"cat '{tmp_path / 'words'}' >&2"
    program = write_engine(
        tmp_path / "engine", f'case " $* " in *" run "*) {complaint}; exit 1;; *) {complaint};; esac'
    )
    server = start_server("--user", fresh_user, "--engine", str(program), "--log-level", "debug")
    result = server.call_tool("execute_bash", command="true")
    assert result["isError"] is True
    assert "\x1b" not in result["content"][0]["text"]
    server.close()
    assert_harmless(server.stderr)


def test_what_skills_and_tools_say_is_logged_as_text(start_server, fresh_user, tmp_path):
    name = "a" + ESCAPES.replace("/", "")
    bad = {"broken": f"---\nname: [{ESCAPES}\n", "other": f'---\nname: "{ESCAPES}"\ndescription: d\n---\n', name: "no"}
    for directory, text in bad.items():
        (tmp_path / "skills" / directory).mkdir(parents=True)
        (tmp_path / "skills" / directory / "SKILL.md").write_text(text)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / f"{name}.py").write_text(f'"""{ESCAPES}\nName: {ESCAPES}\n')
    options = ("--skills", str(tmp_path / "skills"), "--tools", str(tmp_path / "tools"), "--log-level", "debug")
    server = start_server("--user", fresh_user, *options)
    server.request("prompts/get", {"name": "agent_system_prompt"})
    server.request("resources/list")
    server.wait_for_log("broken")
    server.close()
    assert_harmless(server.stderr)


@pytest.mark.parametrize("flag", ["--user", "--image", "--workspace", "--memory", "--log-level", "--" + ESCAPES])
def test_a_refused_option_is_shown_as_text(flag):
    refused = StdioClient([flag, ESCAPES])
    assert refused.wait_exit() == 2
    assert_harmless(refused.stderr)
