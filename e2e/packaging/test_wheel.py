"""The wheel: what is in it, which systems it is for, and that it works where it is installed."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from support import packages
from support.packages import PROGRAMS, TOOLS, version
from support.stdio_client import REPOSITORY, StdioClient

NEWEST_GLIBC = (2, 31)
# Parts of glibc. Every system that has it has them.
SYSTEM_LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libutil.so.1", "librt.so.1"}
# Megabytes that a program may take in the wheel.
LIMITS = {"exec-mcp": 8, "exec-agent": 25}


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(packages.wheel())


def metadata(archive: zipfile.ZipFile, name: str) -> Message:
    return message_from_bytes(archive.read(f"exec_mcp-{version()}.dist-info/{name}"))


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_its_tag_is_what_auditwheel_finds_true(archive: zipfile.ZipFile) -> None:
    _, found, python, abi, system = packages.wheel().stem.split("-")
    assert (found, python, abi) == (version(), "py3", "none")
    minor = int(re.fullmatch(rf"manylinux_2_(\d+)_{os.uname().machine}", system)[1])
    assert (2, minor) <= NEWEST_GLIBC
    assert metadata(archive, "WHEEL").get_all("Tag") == [f"py3-none-{system}"]
    shown = packages.run(TOOLS / "auditwheel", "show", packages.wheel())
    assert f'consistent with the following platform tag: "{system}"' in " ".join(shown.split())


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_programs_need_an_old_c_library_and_nothing_else(
    name: str, archive: zipfile.ZipFile, tmp_path: Path
) -> None:
    program = tmp_path / name
    program.write_bytes(archive.read(f"exec_mcp-{version()}.data/scripts/{name}"))
    read = [TOOLS / "python", TOOLS / "readelf.py"]
    needed = set(re.findall(r"Shared library: \[(.*)\]", packages.run(*read, "--dynamic", program)))
    assert needed, "it reads the program"
    assert {library for library in needed if not library.startswith("ld-linux")} <= SYSTEM_LIBRARIES
    versions = set(re.findall(r"Name: ([A-Z]+)_([0-9.]+)", packages.run(*read, "--version-info", program)))
    assert {library for library, _ in versions} == {"GLIBC"}
    assert max(numbers(number) for _, number in versions) <= NEWEST_GLIBC


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_programs_are_small(name: str, archive: zipfile.ZipFile) -> None:
    entry = archive.getinfo(f"exec_mcp-{version()}.data/scripts/{name}")
    assert entry.compress_size < LIMITS[name] << 20


def test_it_holds_what_it_should_and_nothing_else(archive: zipfile.ZipFile) -> None:
    data, information = f"exec_mcp-{version()}.data", f"exec_mcp-{version()}.dist-info"
    tracked = packages.run("git", "ls-files", "skills", "tools", cwd=REPOSITORY).split()
    expected = {f"{data}/data/share/exec-mcp/{name}" for name in tracked}
    expected |= {f"exec_mcp/{name}" for name in ("__init__.py", "__main__.py", "py.typed")}
    for name in PROGRAMS:
        expected |= {f"{data}/scripts/{name}", f"{data}/data/share/man/man1/{name}.1"}
    expected |= {f"{information}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "sboms/exec-mcp.spdx.json")}
    licenses = {name for name in archive.namelist() if name.startswith(f"{information}/licenses/")}
    files = {name for name in archive.namelist() if not name.endswith("/")}
    assert files - licenses == expected
    assert {Path(name).stem for name in licenses if name.endswith(".txt")} == {
        "curl", "gcc-runtime", "nghttp2", "openssl", "swift-runtime", "zlib",
    }  # fmt: skip
    assert all(archive.read(name) for name in licenses if not name.endswith("/"))
    for name in PROGRAMS:
        content = archive.read(f"{data}/scripts/{name}")
        assert content.startswith(b"\x7fELF"), "the console script is the program itself"
        assert archive.getinfo(f"{data}/scripts/{name}").external_attr >> 16 & stat.S_IXUSR


def test_its_metadata_is_what_the_index_asks_for(archive: zipfile.ZipFile) -> None:
    told = metadata(archive, "METADATA")
    assert (told["Name"], told["Version"]) == ("exec-mcp", version())
    # This project's license, and those of the libraries in exec-agent. The exceptions of GCC's and Swift's runtime set
    # no terms for programs that contain them.
    assert (REPOSITORY / "LICENSE").read_text().split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert told["License-Expression"] == "Apache-2.0 AND MIT AND Zlib AND curl"
    assert told["Description-Content-Type"] == "text/markdown"
    assert '{"command": "uvx", "args": ["exec-mcp"]}' in told.get_payload()
    assert not told.get_all("Requires-Dist")
    packages.run(TOOLS / "check-wheel-contents", packages.wheel())


@pytest.mark.parametrize("name", ["", "com.example/exec-mcp"])
def test_its_description_names_the_servers_entry_in_the_registry(name: str) -> None:
    """By the line that the registry looks for."""
    read = """if True:
        import hatch_build
        metadata = {}
        hatch_build.MetadataHook(".", {}).update(metadata)
        print(metadata["readme"]["text"])
    """
    settings = {"EXEC_MCP_VERSION": "1", "EXEC_MCP_LICENSES": "MIT", "EXEC_MCP_SERVER_NAME": name}
    directory = REPOSITORY / "packaging" / "wheel"
    text = packages.run(TOOLS / "python", "-B", "-c", read, cwd=directory, env={**os.environ, **settings})
    assert re.findall(r"mcp-name: (\S+)", text) == ([name] if name else [])


def test_the_console_scripts_and_the_module_are_the_programs(installed: Path) -> None:
    for name in PROGRAMS:
        assert packages.run(installed / "bin" / name, "--version") == f"{name} {version()}\n"
    assert packages.run(installed / "bin" / "python", "-m", "exec_mcp", "--version") == f"exec-mcp {version()}\n"
    found = "import exec_mcp; print(exec_mcp.find_program('exec-agent'))"
    assert packages.run(installed / "bin" / "python", "-c", found).strip() == str(installed / "bin" / "exec-agent")


def test_the_module_becomes_the_program(installed: Path) -> None:
    process = subprocess.Popen(
        [installed / "bin" / "python", "-m", "exec_mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin and process.stdout
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "exec-mcp"
        assert Path(f"/proc/{process.pid}/exe").resolve() == installed / "bin" / "exec-mcp"
        process.stdin.close()
    assert process.returncode == 0


def test_the_module_finds_programs_that_are_not_among_the_scripts(tmp_path: Path) -> None:
    target = tmp_path / "target"
    packages.install_wheel(sys.executable, "--target", str(target))
    environment = {**os.environ, "PYTHONPATH": str(target)}
    told = packages.run(sys.executable, "-m", "exec_mcp", "--version", env=environment)
    assert told == f"exec-mcp {version()}\n"
    (target / "bin" / "exec-mcp").unlink()
    command = [sys.executable, "-c", "import exec_mcp; exec_mcp.find_program()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "exec-mcp is not where this package was installed" in done.stderr


def uv_settings(directory: Path) -> dict[str, str]:
    """An environment in which uv has the wheel for the index."""
    settings = {
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(packages.wheel().parent),
        "UV_CACHE_DIR": str(directory / "uv"),
        "UV_PYTHON": sys.executable,
    }
    return {**os.environ, **settings}


def test_pipx_installs_it_with_its_pages(tmp_path: Path) -> None:
    places = {"PIPX_HOME": "home", "PIPX_BIN_DIR": "bin", "PIPX_MAN_DIR": "man"}
    environment = uv_settings(tmp_path) | {name: str(tmp_path / place) for name, place in places.items()}
    environment |= {"HOME": str(tmp_path), "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    packages.run(TOOLS / "pipx", "install", "--backend", "uv", packages.wheel(), env=environment)
    for name in PROGRAMS:
        assert packages.run(tmp_path / "bin" / name, "--version") == f"{name} {version()}\n"
        assert (tmp_path / "man" / "man1" / f"{name}.1").exists()
    # Though it is started by a link from elsewhere.
    with StdioClient(command=[str(tmp_path / "bin" / "exec-mcp")], env={"MCP_TOOLS_PATH": None}) as client:
        client.initialize()
        text = client.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]
    assert "/skills/data-visualization/SKILL.md" in text and "`sympy_helpers`" in text


@pytest.mark.parametrize("arguments", [["exec-mcp"], ["--from", "WHEEL", "exec-agent"]])
def test_uvx_runs_it_from_an_index_or_a_file(arguments: list[str], tmp_path: Path) -> None:
    words = [str(packages.wheel()) if word == "WHEEL" else word for word in arguments]
    told = packages.run(TOOLS / "uvx", *words, "--version", env=uv_settings(tmp_path))
    assert told == f"{arguments[-1]} {version()}\n"


def uvx(directory: Path) -> StdioServerParameters:
    """What hosts are configured with: `uvx exec-mcp`."""
    return StdioServerParameters(command=str(TOOLS / "uvx"), args=["exec-mcp"], env=uv_settings(directory))


@pytest.mark.anyio
async def test_a_host_needs_no_configuration_but_uvx(tmp_path: Path, user: str) -> None:
    parameters = uvx(tmp_path)
    parameters.env = {**(parameters.env or {}), "MCP_EXECUTOR_USER": user, "MCP_EXECUTOR_WORKSPACE": "ephemeral"}
    async with Client(parameters) as client:
        ran = await client.call_tool("execute_bash", {"command": "ls /skills/*/SKILL.md /tools/*.py"})
        assert ran.structured_content["exit_code"] == 0
        assert "/skills/data-visualization/SKILL.md" in ran.structured_content["stdout"]
        assert "/tools/sympy_helpers.py" in ran.structured_content["stdout"]
