"""exec-mcp image: the sandbox's image from nothing but the program."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.stdio_client import REPOSITORY, server_binary

LABEL = "exec-mcp.build-inputs"
BASES = ["python:3.12-slim-bookworm", "mcp-code-executor-base:local"]


def image(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [server_binary(), "image", *arguments],
        capture_output=True,
        text=True,
        timeout=900,
        cwd=cwd,
        env={**os.environ, **env},
        check=False,
    )


@pytest.fixture
def tag() -> Iterator[str]:
    name = f"exec-mcp-test-{secrets.token_hex(4)}:latest"
    yield name
    engine.run("image", "rm", "--force", name, check=False)


@pytest.fixture
def fake(tmp_path: Path):
    """Writes a program that stands in for the engine, in Python, and gives its path."""

    def write(script: str) -> str:
        path = tmp_path / "engine"
        path.write_text(f"#!/usr/bin/env python3\nimport json, os, sys, time\nwords = sys.argv[1:]\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


def trial_volumes() -> set[str]:
    return {name for name in engine.run("volume", "ls", "--quiet").split() if "-trial-" in name}


def present_base() -> str:
    """A base that is here: the one that `make image` took."""
    for base in BASES:
        if engine.run("image", "ls", "--quiet", base).strip():
            return base
    raise AssertionError(f"none of {BASES} is here; make image makes one")


@pytest.mark.timeout(1200)
def test_it_builds_a_working_image_from_anywhere(tag: str, tmp_path: Path) -> None:
    base = present_base()
    before = trial_volumes()
    built = image("--tag", tag, "--base", base, cwd=tmp_path)
    assert built.returncode == 0, built.stderr[-3000:]
    assert built.stdout == ""
    assert built.stderr.endswith(f"{tag} is ready\n")
    assert f"==> build {tag} on {base}\n" in built.stderr and f"==> check {tag}\n" in built.stderr
    assert engine.inspect(tag)["Config"]["Labels"][LABEL].startswith(f"{tag}@")
    assert engine.inspect(tag)["Config"]["User"] == "coderunner"
    assert list(tmp_path.iterdir()) == []
    assert not trial_volumes() - before

    again = image("--tag", tag, "--base", base)
    assert (again.returncode, again.stderr) == (0, f"{tag} is up to date\n")

    other = f"{tag.split(':')[0]}:other"
    engine.run("tag", tag, other)
    try:
        foreign = image("--tag", other)
        assert foreign.returncode == 0
        assert "was not built here: left as it is" in foreign.stderr
    finally:
        engine.run("image", "rm", other)


def test_it_prints_the_dockerfile() -> None:
    printed = image("--print", "--engine", "/nonexistent/docker")
    assert printed.returncode == 0
    assert printed.stdout == (REPOSITORY / "container" / "Dockerfile").read_text()


def test_a_base_that_cannot_be_had_is_told_with_the_way_on(tag: str) -> None:
    """An address of this machine that nobody listens on."""
    failed = image("--tag", tag, "--base", "127.0.0.1:9/no/such:base")
    assert failed.returncode == 1
    last = failed.stderr.splitlines()[-1]
    assert last.startswith(
        "error: The base image 127.0.0.1:9/no/such:base is not on this machine and could not be pulled."
    )
    assert "--base" in last


def test_a_missing_engine_is_told() -> None:
    failed = image("--engine", "/nonexistent/docker")
    assert failed.returncode == 1
    assert "/nonexistent/docker" in failed.stderr


def test_an_engine_that_does_not_run_is_told(tmp_path: Path) -> None:
    failed = image(DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert failed.returncode == 1
    assert f"unix://{tmp_path}/no.sock (from DOCKER_HOST) does not answer" in failed.stderr


RECORDING = """
record = os.environ["RECORD"]
if words[0] == "build":
    json.dump(words, open(record + "/words", "w"))
    open(record + "/context.tar", "wb").write(sys.stdin.buffer.read())
    os.write(1, b"one\\rtwo\\x1b[31m")
    os.write(2, b"three\\n")
    sys.exit(7)
if words[:2] == ["image", "inspect"]:
    sys.exit("Error: No such image")
"""


def test_the_engine_gets_the_context_and_the_machines_settings(fake, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("CERTIFICATE")
    failed = image(
        "--engine", fake(RECORDING), "--tag", "a:1", "--base", "b:1", "--force",
        RECORD=str(tmp_path), PIP_INDEX_URL="https://index.example/simple", HTTPS_PROXY="http://127.0.0.1:3128",
        PIP_CERT=str(authority),
    )  # fmt: skip
    assert failed.returncode == 1
    assert "exit status 7" in failed.stderr
    assert "    three\n" in failed.stderr and "    one\n" in failed.stderr and "\x1b" not in failed.stderr

    words = json.loads((tmp_path / "words").read_text())
    assert words[-1] == "-" and "--no-cache" in words
    settings = [value for flag, value in zip(words, words[1:], strict=False) if flag == "--build-arg"]
    assert {"BASE_IMAGE=b:1", "PIP_INDEX_URL=https://index.example/simple"} <= set(settings)
    assert "HTTPS_PROXY=http://127.0.0.1:3128" in settings
    (label,) = [value for flag, value in zip(words, words[1:], strict=False) if flag == "--label"]
    assert label.startswith(f"{LABEL}=a:1@")

    with tarfile.open(tmp_path / "context.tar") as archive:
        content = {name: archive.extractfile(name).read() for name in archive.getnames()}
    sources = {"Dockerfile", "install.py", "requirements.txt", "fonts.py", "prepare.sh", "packages.txt", "uv.sh"}
    assert set(content) == sources | {"ca-bundle.pem", "with.txt"}
    assert content["with.txt"] == b""
    assert content["ca-bundle.pem"] == b"CERTIFICATE"
    assert content["requirements.txt"] == (REPOSITORY / "container" / "requirements.txt").read_bytes()


def test_an_image_that_fails_its_check_is_not_published(fake, tmp_path: Path) -> None:
    script = """
open(os.environ["RECORD"] + "/log", "a").write(" ".join(words[:3]) + "\\n")
if words[:2] == ["image", "inspect"]:
    sys.exit("Error: No such image")
if words[0] == "build":
    sys.stdin.buffer.read()
if words[0] == "run":
    sys.exit("docker: no room")
"""
    failed = image("--engine", fake(script), "--tag", "a:1", RECORD=str(tmp_path))
    assert failed.returncode == 1
    assert "no room" in failed.stderr
    log = (tmp_path / "log").read_text()
    assert "tag " not in log
    assert "image rm mcp-code-executor-candidate:" in log


def test_an_interrupt_ends_the_build(fake, tmp_path: Path) -> None:
    script = """
if words[:2] == ["image", "inspect"]:
    sys.exit("Error: No such image")
if words[0] == "build":
    print("building as", os.getpid(), flush=True)
    time.sleep(1000)
"""
    process = subprocess.Popen([server_binary(), "image", "--engine", fake(script)], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    builder = next(int(line.split()[-1]) for line in process.stderr if "building as" in line)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(timeout=120) == 130
    assert "interrupted" in rest
    assert engine.poll(lambda: not Path(f"/proc/{builder}").exists()) is not None


@pytest.mark.parametrize("arguments", [["--tag"], ["--tag", "--force"], ["--base", "a b"], ["--bogus"], ["extra"]])
def test_a_bad_command_line_is_refused(arguments: list[str]) -> None:
    refused = image(*arguments)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1


def test_the_shell_script_writes_the_label_that_the_program_reads() -> None:
    """The two ways to the image must not undo each other's work."""
    script = (REPOSITORY / "container" / "image.sh").read_text()
    assert f"LABEL={LABEL}\n" in script
    assert "cat Dockerfile install.py requirements.txt fonts.py prepare.sh packages.txt uv.sh\n" in script
    assert '"$LABEL=$IMAGE@$INPUTS-$BASE_INPUTS"' in script
