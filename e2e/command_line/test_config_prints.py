"""exec-mcp config prints a block that is a whole file, and says where it goes."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from support.host_files import FILES, Home, HostFile, program

ODD_PATH = '/home/jo "x" \\ ü/o\'b $HOME/exec-mcp'

every_host = pytest.mark.parametrize("file", FILES, ids=lambda file: file.host)


@every_host
def test_it_prints_a_block_that_is_a_whole_file(home: Home, file: HostFile) -> None:
    run = home.config(file.host)
    assert run.returncode == 0
    block = json.loads(run.stdout) if file.path.endswith(".json") else file.read(run.stdout)
    assert block == {file.section: {"exec": file.entry(program(), [])}}
    assert f"~/{file.path}" in run.stderr
    assert home.files() == set()


@every_host
def test_it_quotes_any_path_and_any_argument(home: Home, file: HostFile) -> None:
    workspace = home.path / 'a "b" \\ ü'
    workspace.mkdir()
    arguments = ["--user", "ann", f"--workspace={workspace}"]
    run = home.config(file.host, "--program", ODD_PATH, "--name", "no", "--", *arguments)
    block = json.loads(run.stdout) if file.path.endswith(".json") else file.read(run.stdout)
    assert block == {file.section: {"no": file.entry(ODD_PATH, arguments, "no")}}


def test_the_command_for_claude_code_is_one_for_a_shell(home: Home) -> None:
    run = home.config("claude-code", "--project", "--program", ODD_PATH, "--", "--user", "ann")
    command = shlex.split(run.stderr.splitlines()[-1].removeprefix("Or in a shell: "))
    assert command == [*"claude mcp add --scope project exec --".split(), ODD_PATH, "--user", "ann"]


def test_without_a_host_it_lists_all_with_their_files(home: Home) -> None:
    run = home.config()
    assert run.returncode == 0
    lines = [line.split(None, 1) for line in run.stdout.splitlines()]
    assert [host for host, _ in lines] == [file.host for file in FILES]
    for (_, places), file in zip(lines, FILES, strict=True):
        assert places == f"~/{file.path}" + (f", --project: {file.project}" if file.project else "")


def test_it_names_the_link_that_it_was_started_by(home: Home) -> None:
    link = home.path / "exec-mcp"
    link.symlink_to(program())
    run = subprocess.run(["exec-mcp", "config", "cursor"], capture_output=True, text=True, env={"PATH": str(home.path)})
    assert json.loads(run.stdout)["mcpServers"]["exec"]["command"] == str(link)


def test_help_is_enough(home: Home) -> None:
    run = home.config("--help")
    assert run.returncode == 0 and run.stderr == ""
    for word in ["Usage: exec-mcp config", "--write", "--project", "--name", "--program", *(f.host for f in FILES)]:
        assert word in run.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["emacs"], "claude-code, claude-desktop, codex, cursor, gemini, goose, vscode, zed"),
        (["cursor", "--wirte"], "--write, --project, --name NAME, --program PATH"),
        (["cursor", "--write", "--", "--memry", "2g"], "'--memry'"),
        (["cursor", "--write", "--", "--memory", "2"], "--memory does not accept '2'"),
        (["cursor", "--write", "--", "--workspace", "./"], "absolute"),
        (["cursor", "--write", "--name", "a.b"], "a letter"),
        (["zed", "--write", "--project"], "no project file"),
        (["--write"], "needs a host"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_other_arguments_are_refused_in_one_line(home: Home, arguments: list[str], part: str) -> None:
    run = home.config(*arguments)
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr.count("\n") == 1 and part in run.stderr
    assert home.files() == set()
