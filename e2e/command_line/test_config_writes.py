"""exec-mcp config --write sets its entry in a host's file and keeps all that is there."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from support.host_files import CLAUDE_CODE, CODEX, DESKTOP, FILES, GEMINI, GOOSE, VSCODE, ZED, Home, HostFile, program

every_host = pytest.mark.parametrize("file", FILES, ids=lambda file: file.host)


@every_host
def test_it_makes_a_file_where_there_is_none(home: Home, file: HostFile) -> None:
    run = home.write(file)
    path = home.path / file.path
    assert path.read_text() == home.config(file.host).stdout
    assert str(path) in run.stdout and home.files() == {file.path}
    assert stat.S_IMODE(path.stat().st_mode) & 0o111 == 0


@every_host
def test_it_adds_the_entry_and_keeps_every_line(home: Home, file: HostFile) -> None:
    path = home.place(file)
    old = path.read_text()
    run = home.write(file, "--", "--user", "ann")
    assert run.stdout.startswith(f"Added the server exec to {path}")
    new = path.read_text()
    expected = file.read(old)
    expected[file.section]["exec"] = file.entry(program(), ["--user", "ann"])
    assert file.read(new) == expected
    lines = iter(new.splitlines())
    assert all(line in lines for line in old.splitlines()), "a line is gone, or is in another place"


@every_host
def test_what_is_there_already_is_not_written_again(home: Home, file: HostFile) -> None:
    path = home.place(file)
    home.write(file)
    before, status = path.read_bytes(), path.stat()
    run = home.write(file)
    assert "already" in run.stdout and "nothing was written" in run.stdout
    assert path.read_bytes() == before
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    assert len(home.backups(path)) == 1


@every_host
def test_another_entry_of_the_name_is_replaced_and_nothing_else(home: Home, file: HostFile) -> None:
    path = home.place(file)
    home.write(file, "--program", "/first")
    first = path.read_text()
    run = home.write(file, "--", "--memory", "2g")
    assert run.stdout.startswith("Replaced the server exec")
    expected = file.read(first)
    expected[file.section]["exec"] = file.entry(program(), ["--memory", "2g"])
    assert file.read(path.read_text()) == expected
    home.write(file, "--program", "/first")
    assert path.read_text() == first


@every_host
def test_two_servers_have_names_of_their_own(home: Home, file: HostFile) -> None:
    home.place(file)
    home.write(file)
    home.write(file, "--name", "second", "--", "--user", "two")
    entries = file.read((home.path / file.path).read_text())[file.section]
    assert entries["exec"] == file.entry(program(), [])
    assert entries["second"] == file.entry(program(), ["--user", "two"], "second")


@every_host
def test_every_change_leaves_a_backup_with_the_files_mode_and_owner(home: Home, file: HostFile) -> None:
    path = home.place(file)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    path.chmod(0o640)
    owner = path.stat().st_uid, path.stat().st_gid
    versions = []
    for number in range(3):
        versions.append(path.read_bytes())
        run = home.write(file, "--program", f"/p{number}")
        backup = Path(re.search(r"^Backup: (.*)$", run.stdout, re.MULTILINE)[1])
        assert backup.read_bytes() == versions[-1]
        assert re.fullmatch(re.escape(path.name) + r"\.backup-\d{8}-\d{6}(-\d+)?", backup.name)
        assert backup.parent == path.parent and stat.S_IMODE(backup.stat().st_mode) == 0o640
    assert sorted(backup.read_bytes() for backup in home.backups(path)) == sorted(versions)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert {(kept.stat().st_uid, kept.stat().st_gid) for kept in [path, *home.backups(path)]} == {owner}
    assert len(home.files()) == 4


@every_host
def test_line_ends_byte_order_mark_and_a_missing_last_line_end_stay(home: Home, file: HostFile) -> None:
    text = file.before.replace("SECTION", file.section).rstrip("\n").replace("\n", "\r\n")
    path = home.place(file, b"\xef\xbb\xbf" + text.encode())
    home.write(file)
    new = path.read_bytes()
    assert new.startswith(b"\xef\xbb\xbf") and not new.startswith(b"\xef\xbb\xbf\xef")
    assert new.count(b"\n") == new.count(b"\r\n")
    read = file.read(new.decode("utf-8-sig").replace("\r\n", "\n"))
    assert read[file.section]["exec"] == file.entry(program(), [])


@every_host
@pytest.mark.parametrize("text", ["", "\n", "\n\n  \n"], ids=["empty", "a line end", "blank"])
def test_an_empty_file_is_filled(home: Home, file: HostFile, text: str) -> None:
    path = home.place(file, text)
    home.write(file)
    assert file.read(path.read_text()) == {file.section: {"exec": file.entry(program(), [])}}


@pytest.mark.parametrize("file", [file for file in FILES if file.project], ids=lambda file: file.host)
def test_a_project_has_a_file_of_its_own(home: Home, file: HostFile) -> None:
    run = home.write(file, "--project")
    path = home.project / file.project
    assert str(path) in run.stdout and home.files() == {f"project/{file.project}"}
    assert file.read(path.read_text()) == {file.section: {"exec": file.entry(program(), [])}}


@pytest.mark.parametrize(
    ("file", "variable", "path"),
    [
        (CLAUDE_CODE, "CLAUDE_CONFIG_DIR", ".claude.json"),
        (CODEX, "CODEX_HOME", "config.toml"),
        (DESKTOP, "XDG_CONFIG_HOME", "Claude/claude_desktop_config.json"),
        (GEMINI, "GEMINI_CLI_HOME", ".gemini/settings.json"),
        (GOOSE, "XDG_CONFIG_HOME", "goose/config.yaml"),
        (VSCODE, "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        (ZED, "XDG_CONFIG_HOME", "zed/settings.json"),
    ],
    ids=lambda value: value.host if isinstance(value, HostFile) else "",
)
def test_it_looks_where_the_hosts_variable_says(home: Home, file: HostFile, variable: str, path: str) -> None:
    run = home.config(file.host, "--write", variables={variable: str(home.path / "else where")})
    assert run.returncode == 0, run.stderr
    assert home.files() == {f"else where/{path}"}


@every_host
def test_a_link_stays_a_link(home: Home, file: HostFile) -> None:
    real = home.path / "dotfiles" / "real"
    real.parent.mkdir()
    path = home.place(file)
    path.rename(real)
    path.symlink_to(real)
    home.write(file)
    assert path.is_symlink() and os.readlink(path) == str(real)
    assert file.read(real.read_text())[file.section]["exec"]
    assert len(home.backups(real)) == 1 and home.backups(path) == []
