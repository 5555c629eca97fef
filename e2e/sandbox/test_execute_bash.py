"""`execute_bash`: what an ordinary result is, and the surroundings that a command finds."""

import json

import pytest
from support.stdio_client import text_of


def raw_result_line(client, request_id) -> bytes:
    """The line that answered a request, as it was on the wire."""
    lines = [line.raw for line in client.journal if line.direction == "server"]
    return next(raw for raw in reversed(lines) if json.loads(raw).get("id") == request_id)


def test_an_ordinary_result_is_exactly_three_keys_of_compact_json(client):
    result = client.call_tool("execute_bash", command="echo hi; echo oops >&2")
    assert result["content"] == [{"type": "text", "text": '{"exit_code":0,"stdout":"hi\\n","stderr":"oops\\n"}'}]
    assert result["structuredContent"] == {"exit_code": 0, "stdout": "hi\n", "stderr": "oops\n"}
    assert not result.get("isError")


def test_slashes_are_not_escaped(client):
    call = client.start_tool("execute_bash", command="echo /usr/bin '</p>'")
    assert text_of(client.result(call)) == '{"exit_code":0,"stdout":"/usr/bin </p>\\n","stderr":""}'
    assert b"\\/" not in raw_result_line(client, call.id)


@pytest.mark.parametrize("status", [0, 1, 2, 42, 126, 255])
def test_an_exit_status_is_a_result_and_no_error(client, status):
    result = client.call_tool("execute_bash", command=f"exit {status}")
    assert not result.get("isError")
    assert result["structuredContent"] == {"exit_code": status, "stdout": "", "stderr": ""}


def test_the_status_of_the_last_command_counts(client):
    assert client.bash("false; true")["exit_code"] == 0
    assert client.bash("true; false")["exit_code"] == 1


@pytest.mark.parametrize(("signal", "status"), [("KILL", 137), ("TERM", 143), ("SEGV", 139)])
def test_death_by_signal_is_128_plus_its_number(client, signal, status):
    assert client.bash(f"kill -{signal} $$")["exit_code"] == status
    assert client.bash(f"bash -c 'kill -{signal} $$'; exit $?")["exit_code"] == status


def test_an_unknown_command_is_told_by_bash_itself(client):
    outcome = client.bash("no-such-command-here")
    assert outcome["exit_code"] == 127
    assert "no-such-command-here: command not found" in outcome["stderr"]


def test_a_syntax_error_is_a_result(client):
    outcome = client.bash("if then fi (")
    assert outcome["exit_code"] != 0
    assert "syntax error" in outcome["stderr"]


def test_the_shell_is_bash_and_understands_scripts(client):
    text = "$HOME \"quoted\" 'single' \\\n"
    script = f"set -euo pipefail\ndeclare -A seen=([x]=1)\ncat <<'EOF'\n{text}EOF\n[[ ${{seen[x]}} == 1 ]]"
    assert client.bash(script) == {"exit_code": 0, "stdout": text, "stderr": ""}


def test_standard_input_is_empty(client):
    assert client.bash("cat; read -r line || echo nothing to read")["stdout"] == "nothing to read\n"


def test_commands_start_in_the_workspace(client):
    assert client.bash("pwd")["stdout"] == "/workspace\n"


def test_files_stay_between_calls_and_shell_state_does_not(client):
    client.bash("mkdir -p sub; echo kept > sub/file; cd sub; export LEFT=over; alias x=y")
    outcome = client.bash("pwd; cat sub/file; echo ${LEFT-unset}")
    assert outcome["stdout"] == "/workspace\nkept\nunset\n"


def test_both_names_of_python_are_the_same_interpreter_with_the_libraries(client):
    program = "import sys, numpy, pandas; print(sys.version_info >= (3, 12), sys.prefix)"
    first = client.bash(f"python -c '{program}'")
    assert first["stdout"].startswith("True "), first
    assert client.bash(f"python3 -c '{program}'") == first


def test_tool_modules_can_be_imported(client):
    assert client.bash("python -c 'import artifact_validation; print(artifact_validation.__file__)'") == {
        "exit_code": 0,
        "stdout": "/tools/artifact_validation.py\n",
        "stderr": "",
    }


def test_streams_are_kept_apart_and_in_order(client):
    outcome = client.bash("for i in 1 2 3; do echo out $i; echo err $i >&2; done")
    assert outcome["stdout"] == "out 1\nout 2\nout 3\n"
    assert outcome["stderr"] == "err 1\nerr 2\nerr 3\n"


@pytest.mark.parametrize(
    ("command", "stdout"),
    [
        (r"printf 'a\0b'", "a\0b"),
        (r"printf 'a\xffb'", "a\ufffdb"),
        (r"printf 'tab\tcr\rbell\aesc\e[31m\x7f'", "tab\tcr\rbell\aesc\x1b[31m\x7f"),
        (r"printf '\u2028\u2029\ufeff\u0085'", "\u2028\u2029\ufeff\u0085"),
        (r"printf 'Zo\xc3\xab \xf0\x9f\x9a\x80 \xe6\x97\xa5'", "Zoë 🚀 日"),
        (r"printf '\xf0\x9f'; sleep 0.2; printf '\x9a\x80'", "🚀"),
        (r"printf 'no newline'", "no newline"),
        (r"printf '\"quoted\" back\\slash'", '"quoted" back\\slash'),
    ],
)
def test_any_byte_may_be_printed(client, command, stdout):
    result = client.call_tool("execute_bash", command=command)
    assert result["structuredContent"] == {"exit_code": 0, "stdout": stdout, "stderr": ""}
    assert json.loads(text_of(result)) == result["structuredContent"]


def test_random_bytes_come_back_as_valid_json(client):
    outcome = client.bash("head -c 20000 /dev/urandom; head -c 20000 /dev/urandom >&2")
    assert outcome["exit_code"] == 0
    assert len(outcome["stdout"]) > 5000
    assert len(outcome["stderr"]) > 5000


def test_a_command_may_hold_any_character(client):
    text = 'it\'s "quoted" `ticks` $(subst) \\ ! ü 🚀 \u2028 end'
    outcome = client.bash("cat <<'THE_END'\n" + text + "\nTHE_END")
    assert outcome["stdout"] == text + "\n"


def test_a_command_with_a_null_character_is_refused(client):
    result = client.call_tool("execute_bash", command="echo a\0b")
    assert result["isError"] is True
    assert client.bash("echo fine")["stdout"] == "fine\n"


def test_a_command_larger_than_one_argument_may_be_runs(client):
    outcome = client.bash("cat <<'THE_END' | wc -c\n" + "x" * 1_000_000 + "\nTHE_END")
    assert outcome["stdout"] == "1000001\n"


def test_no_file_descriptor_leaks_into_a_command(client):
    outcome = client.python("import os; print([f for f in range(3, 1024) if os.path.exists(f'/proc/self/fd/{f}')])")
    assert outcome["stdout"] == "[]\n"
