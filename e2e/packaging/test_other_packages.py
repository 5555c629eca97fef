"""The .deb, the tarball, the list of components, the manual pages and the checksums."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support import packages
from support.packages import PORTABLE, PROGRAMS, TOOLS, version
from support.stdio_client import REPOSITORY


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball, unpacked into a prefix."""
    prefix = tmp_path_factory.mktemp("prefix")
    packages.run("tar", "-xf", packages.only("exec-mcp-*.tar.gz"), "--strip-components=1", "-C", prefix)
    return prefix


def test_the_tarball_is_a_prefix(unpacked: Path) -> None:
    for name in PROGRAMS:
        assert packages.run(unpacked / "bin" / name, "--version") == f"{name} {version()}\n"
    tracked = packages.run("git", "ls-files", "skills", "tools", cwd=REPOSITORY).split()
    share = unpacked / "share" / "exec-mcp"
    assert sorted(str(path.relative_to(share)) for path in share.rglob("*") if path.is_file()) == sorted(tracked)
    with tarfile.open(packages.only("exec-mcp-*.tar.gz")) as archive:
        assert {(entry.uid, entry.gid, entry.uname) for entry in archive} == {(0, 0, "root")}
        assert {entry.mode & 0o7777 for entry in archive} == {0o755, 0o644}
        assert all(entry.isfile() or entry.isdir() for entry in archive)


def test_the_list_of_components_is_valid_and_names_them_all(unpacked: Path) -> None:
    file = packages.only("exec-mcp-*.spdx.json")
    packages.run(TOOLS / "pyspdxtools", "--infile", file)
    told = json.loads(file.read_text())
    names = {package["name"]: package["versionInfo"] for package in told["packages"]}
    rows = [line.split("\t") for line in (PORTABLE / "components.tsv").read_text().splitlines()]
    assert {"curl", "openssl", "nghttp2", "zlib", "gcc-runtime", "swift-runtime"} <= set(names)
    assert names == {"exec-mcp": version(), **{row[0]: row[1] for row in rows}}
    for program in told["files"]:
        digests = {one["algorithm"]: one["checksumValue"] for one in program["checksums"]}
        assert digests["SHA256"] == hashlib.sha256((unpacked / program["fileName"]).read_bytes()).hexdigest()
    # By these, scanners look up what is known of a component.
    locators = {package["name"]: package["externalRefs"][0]["referenceLocator"] for package in told["packages"]}
    read = "import sys, packageurl; print(*(packageurl.PackageURL.from_string(text) for text in sys.argv[1:]))"
    assert packages.run(TOOLS / "python", "-c", read, *locators.values()).split() == list(locators.values())
    assert re.fullmatch(r"pkg:github/swiftlang/swift@swift-[0-9.]+-\w+", locators["swift-runtime"])
    assert re.fullmatch(r"pkg:deb/(debian|ubuntu)/gcc-10@[^?@]+\?arch=source", locators["gcc-runtime"])
    # Their versions are in the programs themselves.
    agent = (unpacked / "bin/exec-agent").read_bytes()
    assert f"OpenSSL {names['openssl'].split('-')[0]}".encode() in agent
    assert names["curl"].split("-")[0].encode() in agent


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_manual_page_tells_every_option_of_the_help(name: str, unpacked: Path) -> None:
    page = (unpacked / "share/man/man1" / f"{name}.1").read_text()
    plain = page.replace(r"\-", "-").replace(r"\(aq", "'")
    text = packages.run(PORTABLE / name, "--help")
    options = re.findall(r"^  (--[a-z-]+(?: \S+)?|[A-Z_]{4,})(?:\n|  )", text, re.MULTILINE)
    assert len(options) > 10
    for option in options:
        assert f"\n.B {option}\n" in plain, option
    assert f'"{name} {version()}"' in page.splitlines()[1]
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(rf'^\.SH "?{section}"?$', page, re.MULTILINE), section


def test_the_servers_manual_page_has_the_help_of_its_commands(unpacked: Path) -> None:
    page = (unpacked / "share/man/man1/exec-mcp.1").read_text()
    listed = re.search(r"^Commands.*\n\n((?:  \S+ .*\n)+)", packages.run(PORTABLE / "exec-mcp", "--help"), re.MULTILINE)
    commands = re.findall(r"^  (\S+)", listed[1], re.MULTILINE)
    assert {"config", "doctor", "image"} <= set(commands)
    for command in commands:
        section = re.search(rf'\.SH "THE COMMAND {command.upper()}"\n\.EX\n(.*?)\n\.EE', page, re.DOTALL)
        assert f"exec\\-mcp {command}" in section[1]


def deb_field(name: str) -> str:
    return packages.run("dpkg-deb", "--field", packages.only("exec-mcp_*.deb"), name).strip()


def test_the_deb_says_what_it_needs_and_holds_the_same_programs(unpacked: Path, tmp_path: Path) -> None:
    assert deb_field("Package") == "exec-mcp"
    assert deb_field("Version") == f"{version()}-1"
    assert deb_field("Architecture") == packages.run("dpkg", "--print-architecture").strip()
    assert deb_field("Depends") == "libc6 (>= 2.31)"
    assert "docker" in deb_field("Recommends")
    packages.run("dpkg-deb", "--extract", packages.only("exec-mcp_*.deb"), tmp_path)
    for name in PROGRAMS:
        assert (tmp_path / "usr/bin" / name).read_bytes() == (unpacked / "bin" / name).read_bytes()
    sums = packages.run("dpkg-deb", "--info", packages.only("exec-mcp_*.deb"), "md5sums").splitlines()
    files = [path for path in (tmp_path / "usr").rglob("*") if path.is_file()]
    assert len(sums) == len(files)
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.md5((tmp_path / name).read_bytes()).hexdigest() == digest


def test_the_checksums_are_of_everything() -> None:
    directory = packages.directory()
    packages.run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=directory)
    listed = {line.split("  ")[1] for line in (directory / "SHA256SUMS").read_text().splitlines()}
    kinds = {re.sub(r".*?(\.whl|\.deb|\.tar\.gz|\.spdx\.json|\.mcpb|server\.json)$", r"\1", name) for name in listed}
    assert kinds == {".whl", ".deb", ".tar.gz", ".spdx.json", ".mcpb", "server.json"}
    assert len(listed) == len(kinds)


def test_the_registrys_entry_names_the_bundle_and_the_wheel() -> None:
    entry = json.loads((packages.directory() / "server.json").read_text())
    bundle, wheel = entry["packages"]
    assert bundle["fileSha256"] == hashlib.sha256(packages.only("*.mcpb").read_bytes()).hexdigest()
    assert (wheel["registryType"], wheel["identifier"], wheel["version"]) == ("pypi", "exec-mcp", version())


@pytest.mark.parametrize(
    ("script", "pattern", "python"),
    [
        ("wheel.py", "exec_mcp-*.whl", TOOLS / "python"),
        ("tarball.py", "exec-mcp-*.tar.gz", Path(sys.executable)),
        ("deb.py", "exec-mcp_*.deb", Path(sys.executable)),
    ],
)
def test_the_same_input_makes_the_same_bytes(script: str, pattern: str, python: Path, tmp_path: Path) -> None:
    told = json.loads(packages.only("exec-mcp-*.spdx.json").read_text())["creationInfo"]["created"]
    epoch = int(datetime.datetime.fromisoformat(told).timestamp())
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    options = ["--server-name", packages.server_name()] if script == "wheel.py" else []
    packages.run(python, REPOSITORY / "packaging" / script, "--output", tmp_path, *options, env=environment)
    (again,) = tmp_path.glob(pattern)
    made = packages.only(pattern)
    assert again.name == made.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(made.read_bytes()).digest()


@pytest.mark.parametrize("name", ["exec-mcp", "example.com/a b", "example.com/x-->", "a/" + 200 * "b"])
@pytest.mark.parametrize("script", ["wheel.py", "bundle.py"])
def test_a_name_that_the_registry_would_refuse_is_refused(script: str, name: str, tmp_path: Path) -> None:
    command = [sys.executable, REPOSITORY / "packaging" / script, "--output", tmp_path / "made", "--server-name", name]
    command += ["--program", PORTABLE / "exec-mcp"] if script == "bundle.py" else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "SERVER_NAME must be like com.example/exec-mcp" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture
def small_programs(tmp_path: Path) -> Path:
    """What packages are made of, with scripts in the place of the programs: large files take long to pack."""
    directory = tmp_path / "programs"
    shutil.copytree(PORTABLE / "licenses", directory / "licenses")
    shutil.copy(PORTABLE / "components.tsv", directory)
    for name in PROGRAMS:
        (directory / name).write_text(f"#!/bin/sh\nexec '{PORTABLE / name}' \"$@\"\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.mark.parametrize(("machine", "word"), [("aarch64", "aarch64"), ("arm64", "aarch64"), ("AMD64", "x86_64")])
def test_all_files_have_the_same_word_for_a_processor(
    machine: str, word: str, small_programs: Path, tmp_path: Path
) -> None:
    """The words of the wheel and the .deb aren't ours to choose."""
    run = """if True:
        import platform, runpy, shutil, sys
        name, script = sys.argv[1:3]
        platform.machine = lambda: name
        shutil.which = lambda name: None  # Nothing strips a script.
        sys.argv = sys.argv[2:]
        sys.path.insert(0, script.rpartition("/")[0])
        runpy.run_path(script, run_name="__main__")
    """
    made = tmp_path / "made"
    for script, programs in (
        ("tarball.py", ["--programs", small_programs]),
        ("bundle.py", ["--program", small_programs / "exec-mcp"]),
    ):
        path = REPOSITORY / "packaging" / script
        packages.run(sys.executable, "-c", run, machine, path, "--output", made, *programs)
    names = {f"exec-mcp-{version()}-linux-{word}.{kind}" for kind in ("tar.gz", "spdx.json", "mcpb")}
    assert {path.name for path in made.iterdir()} == names | {"server.json"}
    assert json.loads((made / f"exec-mcp-{version()}-linux-{word}.spdx.json").read_text())["name"].endswith(word)


def test_an_invalid_maintainer_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, REPOSITORY / "packaging/deb.py", "--output", tmp_path]
    environment = {**os.environ, "DEBFULLNAME": "A", "DEBEMAIL": "nowhere"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "set DEBFULLNAME and DEBEMAIL" in done.stderr
    assert not list(tmp_path.iterdir())
