"""MCP servers that people use, called from a sandbox in Python, bash and Perl. One exec-mcp serves all tests."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support import engine, real_servers
from support.stdio_client import StdioClient, text_of

ALLOWED = {"allow": ["git_add", "git_commit"]}

# Sends a request over the socket, and prints the answer.
PERL = r"""perl -MIO::Socket::UNIX -e '
    (my $name = $ENV{MCP_BRIDGE}) =~ s/^@/\0/;
    my $bridge = IO::Socket::UNIX->new(Peer => $name) or die "no bridge: $!\n";
    print $bridge shift(@ARGV), "\n";
    $bridge->flush;
    print scalar <$bridge>;
' '%s'"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with three commits."""
    path = tmp_path_factory.mktemp("real") / "repository"
    git = ["git", "-C", str(path), "-c", "user.name=Ann Author", "-c", "user.email=ann@shop.example"]
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", str(path)], check=True)
    for number in range(1, 4):
        (path / "file.txt").write_text(f"version {number}\n")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", f"Change {number}"], check=True)
    for name, value in {"user.name": "Ann Author", "user.email": "ann@shop.example"}.items():
        subprocess.run([*git, "config", name, value], check=True)
    return path


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """The address of a web page on this machine."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"the page of the test")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def client(user: str, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StdioClient]:
    directory = tmp_path_factory.mktemp("configuration")
    servers = {
        "git": real_servers.git(repository, tools=ALLOWED),
        "time": real_servers.time(),
        "ecommerce": real_servers.ecommerce(tools={"deny": ["case_create"]}),
        "fetch": real_servers.fetch(),
        "calculator": real_servers.calculator(),
        "sqlite": real_servers.sqlite(directory / "database"),
        "everything-wrong": real_servers.everything_wrong(tools={"allow": ["greet", "env_var"]}),
    }
    file = directory / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    environment = {"XDG_STATE_HOME": str(directory / "state"), "SECRET_OF_THE_HOST": "hidden"}
    with StdioClient(["--user", user, "--mcp-config", str(file)], env=environment) as shared:
        shared.initialize()
        yield shared


def output(client: StdioClient, program: str, **options: Any) -> str:
    result = client.python(program, **options)
    assert result["exit_code"] == 0, result["stderr"]
    return result["stdout"]


def bash(client: StdioClient, command: str) -> str:
    result = client.bash(command)
    assert result["exit_code"] == 0, result["stderr"]
    return result["stdout"]


def test_every_server_starts_and_lists_its_tools(client):
    def counts() -> dict[str, int]:
        """How many tools of each server are known: a command does not wait long for them."""
        lines = bash(client, "mcp").splitlines()
        return {line.split(":")[0].removeprefix("servers."): int(line.split(": ")[1].split()[0]) for line in lines}

    assert engine.poll(lambda: all(counts().values()), 120) is not None, counts()
    assert counts()["ecommerce"] == 70
    assert len(counts()) == 7


def test_python_reads_a_repository(client, repository):
    program = f"""
from servers import git, together
log = git.git_log(repo_path={str(repository)!r})
revisions = [line.split()[1] for line in log.splitlines() if line.startswith("Commit:")]
patches = together(git.git_show, [{{"repo_path": {str(repository)!r}, "revision": one}} for one in revisions])
print([next(line for line in patch.splitlines() if line.startswith("+version")) for patch in patches])
"""
    assert output(client, program) == "['+version 3', '+version 2', '+version 1']\n"


def test_what_the_configuration_allows_changes_the_repository_and_nothing_else_does(client, repository):
    (repository / "file.txt").write_text("version 4\n")
    program = f"""
from servers import ApprovalRequired, git
print(git.git_add(repo_path={str(repository)!r}, files=["file.txt"]))
try:
    git.git_reset({str(repository)!r})
except ApprovalRequired as error:
    print(error.text)
print(git.git_commit(repo_path={str(repository)!r}, message="By the sandbox")[:30])
"""
    added, denied, committed = output(client, program).splitlines()
    assert added == "Files staged successfully"
    assert '"exec-mcp": {"tools": {"allow": ["git_reset"]}}' in denied
    assert committed.startswith("Changes committed successfully")
    log = subprocess.run(["git", "-C", repository, "log", "-1", "--format=%s"], capture_output=True, text=True)
    assert log.stdout == "By the sandbox\n"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('git.git_status("/etc")', "outside the allowed repository"),
        ('time.get_current_time("Nowhere/Town")', "Invalid timezone"),
        ('sqlite.read_query("SELECT * FROM nowhere")', "no such table: nowhere"),
        ('calculator.calculate("1 /")', "Error executing tool calculate"),
        ('time.get_current_time(zone="UTC")', "timezone"),
        ('git.git_branch(repo_path="/")', "branch_type"),
    ],
)
def test_a_failure_has_the_words_of_the_tool(client, call, says):
    program = f"""
from servers import ToolError, calculator, git, sqlite, time
try: print({call})
except ToolError as error: print("failed", error)
"""
    printed = output(client, program)
    assert says in printed
    assert printed.startswith("failed") or "sqlite" in call, "that server reports its failures as results"


def test_structured_results_are_plain_data(client):
    program = """
from servers import calculator, ecommerce, time
print(time.get_current_time("Asia/Kolkata")["datetime"][-6:], time.convert_time.__doc__.splitlines()[0][:12])
print(time.convert_time(source_timezone="UTC", time="12:00", target_timezone="Asia/Kolkata")["time_difference"])
print(ecommerce.order_get("ORD-1")["data"]["total"], repr(calculator.calculate("6 * 7")))
"""
    assert output(client, program).splitlines() == ["+05:30 convert_time", "+5.5h", "4999 '42'"]


def test_all_70_functions_say_what_their_tools_take(client):
    """The generated module against what the server itself says of its tools, both as code in the sandbox sees them."""
    program = """
import inspect
from servers import ecommerce, list_tools, tool_details
lines = list_tools("ecommerce")
wrong = []
for line in lines:
    details = tool_details(line)
    schema, function = details["inputSchema"], getattr(ecommerce, line.tool)
    parameters = inspect.signature(function).parameters
    required = {name for name, one in parameters.items() if one.default is inspect.Parameter.empty}
    if set(parameters) != set(schema.get("properties", {})) or required != set(schema.get("required", [])):
        wrong.append(line.tool)
    if inspect.getdoc(function) != inspect.cleandoc(details["docstring"]) or not function.__doc__.startswith(line.tool):
        wrong.append(line.tool)
print(len(lines), wrong)
"""
    assert output(client, program) == "70 []\n"


def test_a_tool_that_lies_about_itself_can_be_denied(client):
    """This one declares that it only reads, and makes records."""
    program = """
from servers import ToolDenied, ecommerce
print(ecommerce.case_create.__doc__.split("Policy:")[1].split(".")[0].strip())
try: ecommerce.case_create(case_id="CASE-9", initial_agent="refunds")
except ToolDenied as error: print(error.data["rule"])
"""
    assert output(client, program).splitlines() == ["refused", "deny case_create"]


def test_bash_uses_tools_resources_and_prompts(client):
    command = """set -e
mcp call sqlite create_table --query 'CREATE TABLE t (n INTEGER)' >/dev/null
mcp call sqlite write_query --query 'INSERT INTO t VALUES (7), (8)' >/dev/null
mcp call sqlite read_query --query 'SELECT sum(n) AS sum FROM t'
mcp call sqlite append_insight --insight 'it is 15' >/dev/null
mcp read sqlite memo://insights | grep -o 'it is 15'
mcp prompts sqlite | grep -o mcp-demo
mcp prompt sqlite mcp-demo --topic tea | grep -m 1 -o tea
mcp search 'convert time zones' | head -n 1 | grep -o 'servers.time.convert_time'
mcp help ecommerce refund_create | grep -o -m 1 -e --idempotency-key
"""
    assert bash(client, command).splitlines() == [
        "[{'sum': 15}]",
        "it is 15",
        "mcp-demo",
        "tea",
        "servers.time.convert_time",
        "--idempotency-key",
    ]


def test_perl_calls_tools_over_the_socket(client):
    for tool, arguments, text in (
        ("calculator__calculate", {"expression": "2 ** 10"}, "1024"),
        ("ecommerce__order_items_get", {"order_id": "ORD-2"}, "USB-C hub"),
    ):
        request = {"id": 1, "method": "call", "params": {"tool": tool, "arguments": arguments}}
        answer = json.loads(bash(client, PERL % json.dumps(request)))
        assert answer["id"] == 1 and text in answer["result"]["content"][0]["text"]


def test_a_server_reaches_what_the_sandbox_cannot(client, page):
    program = f"""
import urllib.request
from servers import fetch
try: urllib.request.urlopen({page!r}, timeout=5)
except OSError as error: print("not from here")
print(fetch.fetch(url={page!r}, raw=True))
"""
    printed = output(client, program)
    assert printed.startswith("not from here\n") and printed.endswith("the page of the test\n")


def test_a_description_that_changes_after_a_call_changes_the_next_commands_module(client):
    def described() -> str:
        result = client.call_tool("read_docstring", file_path="/mcp/servers/everything_wrong.py", function_name="greet")
        return text_of(result)

    assert "greet the user" in described() and "french" not in described()
    assert output(client, "from servers import everything_wrong\nprint(everything_wrong.greet())") == "Hi there.\n"
    # Commands do not wait until the server has listed its tools anew.
    assert engine.poll(lambda: "speak french" in described()) is not None


def test_hidden_text_in_a_description_is_visible(client):
    module = bash(client, "cat /mcp/servers/everything_wrong.py")
    assert "joke_teller" in module
    assert not [character for character in module if character in "\u200e\u200b\u202e"]


def test_a_server_that_prints_its_environment_has_nothing_of_this_process(client):
    printed = output(client, "from servers import everything_wrong\nprint(everything_wrong.env_var())")
    names = {line.partition("=")[0] for line in printed.splitlines()}
    assert "PATH" in names and "SECRET_OF_THE_HOST" not in names
    assert not {name for name in names if name.startswith(("MCP_", "EXEC_"))} - {"EXEC_MCP_BRIDGE_DEPTH"}


def test_a_tool_without_annotations_must_be_allowed(client):
    result = client.bash("""mcp call everything-wrong run_command --command id --json '{"args": []}'""")
    assert result["exit_code"] == 4 and "run_command" in result["stderr"]


def test_the_servers_are_processes_of_this_machine_that_end_with_exec_mcp(user, tmp_path):
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": {"time": real_servers.time()}}))
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with StdioClient(["--user", user, "--mcp-config", str(file)], env=environment) as server:
        server.initialize()
        output(server, "from servers import time\ntime.get_current_time('UTC')")
        found = [one for one in os.listdir("/proc") if one.isdigit() and is_child(int(one), server.process.pid)]
        names = {one: command_line(one) for one in found}
        assert any(b"mcp-server-time" in name for name in names.values())
    deadline = time.monotonic() + 60
    while any(name and command_line(one) == name for one, name in names.items()):
        assert time.monotonic() < deadline, names
        time.sleep(0.05)


def command_line(process: str) -> bytes:
    """That of a process; nothing if it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_child(process: int, parent: int) -> bool:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1]) == parent
    except OSError:
        return False
