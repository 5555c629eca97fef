"""exec-mcp config --write leaves alone what it does not understand or may not write."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.host_files import CLAUDE_CODE, CODEX, CURSOR, GEMINI, GOOSE, VSCODE, ZED, Home, HostFile, Run
from support.stdio_client import server_binary

BROKEN = [
    (CURSOR, '{\n"mcpServers": {\n', "line 3"),
    (CURSOR, "[]", "line 1"),
    (CURSOR, '{\n\n"mcpServers": []}', "line 3"),
    (VSCODE, '{"servers": {"exec": 1,\n"exec": 2}}', "line 2"),
    (ZED, "{\n/* never\nclosed }", "line 2"),
    (CLAUDE_CODE, '{"a": 1}\n{"b": 2}', "line 2"),
    (CODEX, "mcp_servers = {}\n", "line 1"),
    (CODEX, "a = 1\n\n[mcp_servers]\nexec = {}\n", "line 4"),
    (CODEX, 'a = "b\n', "line 1"),
    (GOOSE, "a: 1\nextensions: {a: {b: 1}}\n", "line 2"),
    (GOOSE, "extensions:\n- a\n", "line 1"),
    (GOOSE, 'a: "b\n', "line 1"),
    (GOOSE, "a: &b 1\nc: *b\n", "line 1"),
    (GEMINI, b'{"a":\n"\xff"}', "line 2"),
    (GEMINI, b"\xfe\xff{\0}\0", "line 1"),
]


@pytest.mark.parametrize(("file", "text", "line"), BROKEN, ids=lambda value: getattr(value, "host", None))
def test_what_it_does_not_understand_is_left_alone(
    home: Home, file: HostFile, text: str | bytes, line: str
) -> None:
    path = home.place(file, text)
    before = path.read_bytes(), path.stat().st_mtime_ns
    run = home.config(file.host, "--write")
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.startswith(f"exec-mcp: {path}, {line}: ") and run.stderr.count("\n") == 1
    assert f"exec-mcp config {file.host} prints what to paste by hand" in run.stderr
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert home.files() == {file.path}


def assert_refused(run: Run, *parts: str) -> None:
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.count("\n") == 1 and "by hand" in run.stderr
    for part in parts:
        assert part in run.stderr


def test_what_is_no_regular_file_or_too_large_is_left_alone(home: Home) -> None:
    path = home.path / CURSOR.path
    path.mkdir(parents=True)
    assert_refused(home.config("cursor", "--write"), str(path), "not a regular file")
    path.rmdir()
    os.mkfifo(path)
    assert_refused(home.config("cursor", "--write"), str(path), "not a regular file")
    path.unlink()
    path.symlink_to("nowhere")
    assert_refused(home.config("cursor", "--write"), str(path), "No such file")
    path.unlink()
    path.write_bytes(b"{}" + b" " * (16 << 20))
    assert_refused(home.config("cursor", "--write"), str(path), "16 MiB")
    assert home.files() == {CURSOR.path}


def test_without_a_home_there_is_no_place_to_write(home: Home) -> None:
    assert_refused(home.config("cursor", "--write", variables={"HOME": ""}), "HOME")
    assert home.config("cursor", variables={"HOME": ""}).returncode == 0
    assert home.config(variables={"HOME": ""}).returncode == 0


def test_a_name_from_the_file_system_cannot_drive_the_terminal(home: Home) -> None:
    path = home.path / "a\x1b[31m\nb"
    run = home.config("codex", "--write", variables={"CODEX_HOME": str(path)})
    assert run.returncode == 0 and "\x1b" not in run.stdout
    assert (path / "config.toml").exists()


@pytest.fixture
def unprivileged() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A directory that anybody may enter, and how to run a program there without root's rights."""
    directory = Path(tempfile.mkdtemp(prefix="exec-mcp-test-"))
    directory.chmod(0o755)
    yield directory, {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    for path in [directory, *directory.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(directory)


@pytest.mark.parametrize("obstacle", ["directory", "file"])
def test_what_may_not_be_written_is_left_alone(
    unprivileged: tuple[Path, dict[str, Any]], obstacle: str
) -> None:
    directory, options = unprivileged
    binary = directory / "exec-mcp"
    shutil.copy(server_binary(), binary)
    folder = directory / ".cursor"
    folder.mkdir()
    path = folder / "mcp.json"
    path.write_text("{}")
    if options:
        os.chown(path, options["user"], options["group"])
        os.chown(folder, options["user"], options["group"])
    path.chmod(0o444 if obstacle == "file" else 0o644)
    folder.chmod(0o555 if obstacle == "directory" else 0o755)
    run = subprocess.run(
        [binary, "config", "cursor", "--write"],
        capture_output=True, text=True, timeout=60, cwd="/", env={"HOME": str(directory)}, **options,
    )  # fmt: skip
    assert_refused(run, str(folder), "Permission denied")
    assert path.read_text() == "{}" and [entry.name for entry in folder.iterdir()] == ["mcp.json"]
