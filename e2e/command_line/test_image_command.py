"""exec-mcp image: the sandbox's image from nothing but the program."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine
from support.image_builds import image, one_at_a_time, present_base
from support.stdio_client import REPOSITORY, StdioClient, server_binary
from support.wheels import Hold, index, publish

LABEL = "exec-mcp.build-inputs"


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with one_at_a_time(tmp_path_factory):
        yield


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


@pytest.mark.timeout(1200)
def test_it_builds_a_working_image_from_anywhere(alone: None, tag: str, tmp_path: Path) -> None:
    """The slim one, because it takes a fraction of the time; `make image` built the other from the same files."""
    base = present_base()
    before = trial_volumes()
    built = image("--variant", "slim", "--tag", tag, "--base", base, cwd=tmp_path)
    assert built.returncode == 0, built.stderr[-3000:]
    assert built.stdout == ""
    assert built.stderr.endswith(f"{tag} is ready\n")
    assert f"==> build {tag} on {base}\n" in built.stderr and f"==> check {tag}\n" in built.stderr
    assert engine.inspect(tag)["Config"]["Labels"][LABEL].startswith(f"{tag}@")
    assert engine.inspect(tag)["Config"]["Labels"]["exec-mcp.variant"] == "slim"
    assert engine.inspect(tag)["Config"]["User"] == "coderunner"
    assert list(tmp_path.iterdir()) == []
    # Tests beside this one may try an image too; theirs go away.
    left = trial_volumes() - before
    assert engine.poll(lambda: not left & trial_volumes()) is not None, left & trial_volumes()

    again = image("--variant", "slim", "--tag", tag, "--base", base)
    assert (again.returncode, again.stderr) == (0, f"{tag} is up to date\n")

    other = f"{tag.split(':')[0]}:other"
    engine.run("tag", tag, other)
    try:
        foreign = image("--variant", "slim", "--tag", other)
        assert foreign.returncode == 0
        assert "was not built here: left as it is" in foreign.stderr
    finally:
        engine.run("image", "rm", other)


@pytest.mark.timeout(600)
def test_the_image_of_make_passes_the_check_in_a_sandbox(client: StdioClient) -> None:
    for name in ("smoke.py", "requirements.txt"):
        text = (REPOSITORY / "container" / name).read_text()
        client.call_tool("write_file", file_path=f"check/{name}", content=text)
    done = client.bash('python3 check/smoke.py "$(cat check/requirements.txt)"', timeout=400, wait=450)
    assert done["exit_code"] == 0, done


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package index with packages that need another."""
    files = tmp_path_factory.mktemp("index")
    publish(files, "wanted", 1000, needs="helper")
    publish(files, "picky", 1000, needs="helper>1")
    publish(files, "helper", 1000)
    return files


def with_packages(lines: str, url: str, tmp_path: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment of a build that adds packages to the slim image."""
    wanted = tmp_path / "wanted.txt"
    wanted.write_text(lines)
    options = ["--variant", "slim", "--with", str(wanted), "--base", present_base(), *arguments]
    return options, {"PIP_INDEX_URL": url, "PIP_TRUSTED_HOST": "127.0.0.1", "PIP_FIND_LINKS": ""}


def build_with(lines: str, url: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options, environment = with_packages(lines, url, tmp_path, *arguments)
    return image(*options, **environment)


def start_with(lines: str, url: str, tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    options, environment = with_packages(lines, url, tmp_path, *arguments)
    command = [server_binary(), "image", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={**os.environ, **environment}, **pipes)


@pytest.mark.timeout(1200)
def test_packages_are_added_and_name_the_image(alone: None, files: Path, tmp_path: Path, user: str) -> None:
    """The index once sends half a file: that is tried again."""
    with index(files, broken=("helper-1-py3-none-any.whl",)) as url:
        built = build_with("# For us\nwanted==1\n", url, tmp_path)
        name = built.stdout.strip()
        try:
            assert built.returncode == 0, built.stderr[-3000:]
            assert re.fullmatch(r"mcp-code-executor:with-[0-9a-f]{12}", name), built.stdout
            again = build_with("# For us\nwanted==1\n", url, tmp_path)
            assert (again.returncode, again.stdout, again.stderr) == (0, f"{name}\n", f"{name} is up to date\n")
            labels = engine.inspect(name)["Config"]["Labels"]
            assert labels["exec-mcp.added-packages"] == "wanted"
            history = engine.run("history", "--no-trunc", name)
            assert url not in history, "what the build was told stays out of the image"
            with StdioClient(["--user", user, "--image", name]) as server:
                server.initialize()
                found = server.python("import wanted, helper; print(wanted.name, helper.name)")
                assert found["stdout"] == "wanted helper\n", found
                assert server.bash("wanted-command")["stdout"] == "ran\n"
                prompt = server.request("prompts/list", {})["prompts"][0]["name"]
                assert "Python 3 with wanted;" in str(server.request("prompts/get", {"name": prompt}))
        finally:
            engine.run("image", "rm", "--force", name or "none", check=False)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("wanted==7\n", "No matching distribution found for wanted==7"),
        ("wanted==1\nhelper>1\n", "helper"),
        ("picky\nhelper==1\n", "conflicting dependencies"),
    ],
)
def test_a_package_that_cannot_be_had_is_told(
    alone: None, lines: str, said: str, files: Path, tmp_path: Path, tag: str
) -> None:
    with index(files) as url:
        failed = build_with(lines, url, tmp_path, "--tag", tag)
    assert failed.returncode == 1
    last = failed.stderr.splitlines()[-1]
    assert last.startswith("error: The image could not be built: the Python packages could not be installed: "), last
    assert said in last and "PIP_INDEX_URL" in last
    assert "again in" not in failed.stderr, "it would not help"
    assert not engine.run("image", "ls", "--quiet", tag).strip()


def new_line() -> str:
    """A requirement that no build had before, so that the engine has nothing of it in its cache."""
    return f"wanted<{secrets.randbelow(1 << 30) + 2}\n"


@pytest.mark.timeout(1200)
def test_two_builds_of_one_file_at_once_end_with_one_image(alone: None, files: Path, tmp_path: Path) -> None:
    lines, hold = new_line(), Hold()
    with index(files, hold=hold) as url:
        both = [start_with(lines, url, tmp_path) for _ in range(2)]
        assert hold.asked.wait(timeout=600)
        hold.released.set()
        said = [build.communicate(timeout=900) for build in both]
    names = {output.strip() for output, _ in said}
    name = min(names)
    try:
        assert [build.returncode for build in both] == [0, 0], [errors[-3000:] for _, errors in said]
        assert len(names) == 1
        assert engine.run("image", "ls", "--quiet", name).strip()
    finally:
        engine.run("image", "rm", "--force", name or "none", check=False)


@pytest.mark.timeout(1200)
def test_an_interrupt_leaves_no_image_and_no_container(alone: None, files: Path, tmp_path: Path, tag: str) -> None:
    lines, hold = new_line(), Hold()
    with index(files, hold=hold) as url:
        before = set(engine.run("ps", "--all", "--quiet", "--no-trunc").split())
        build = start_with(lines, url, tmp_path, "--tag", tag)
        assert hold.asked.wait(timeout=600), build.communicate(timeout=60)
        build.send_signal(signal.SIGINT)
        _, said = build.communicate(timeout=120)
    assert build.returncode == 130, said
    assert "interrupted" in said
    candidate = re.search(r"mcp-code-executor-candidate:\w+", said)
    assert candidate is None or not engine.run("image", "ls", "--quiet", candidate[0]).strip()
    assert not engine.run("image", "ls", "--quiet", tag).strip()

    def gone() -> bool:
        """The engine's own container of the step; those of others come and go meanwhile."""
        running = set(engine.run("ps", "--all", "--quiet", "--no-trunc").split()) - before
        commands = [engine.run("inspect", "--format", "{{.Config.Cmd}}", one, check=False) for one in running]
        return not any("/build/install.py" in command for command in commands)

    assert engine.poll(gone) is not None


def test_a_requirements_file_that_the_build_cannot_use_is_refused(tmp_path: Path) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("rich\n-r more.txt\n")
    refused = image("--with", str(wanted), "--engine", "/nonexistent/docker")
    assert refused.returncode == 2
    assert "line 2: the option -r isn't supported here" in refused.stderr


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
    sources |= {path.name for path in (REPOSITORY / "container" / "instant").iterdir()}
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


@pytest.mark.parametrize(
    "arguments",
    [["--tag"], ["--tag", "--force"], ["--base", "a b"], ["--bogus"], ["extra"], ["--variant", "tiny"]],
)
def test_a_bad_command_line_is_refused(arguments: list[str]) -> None:
    refused = image(*arguments)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1


def test_the_shell_script_writes_the_label_that_the_program_reads() -> None:
    """The two ways to the image must not undo each other's work."""
    script = (REPOSITORY / "container" / "image.sh").read_text()
    assert f"LABEL={LABEL}\n" in script
    assert "cat Dockerfile install.py requirements.txt fonts.py prepare.sh packages.txt uv.sh instant/*\n" in script
    assert '"$LABEL=$IMAGE@$INPUTS-$BASE_INPUTS"' in script
