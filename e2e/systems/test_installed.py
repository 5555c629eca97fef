"""The packages on Debian 11, 12 and 13, without Swift: they install, and the programs work."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from mcp import Client, StdioServerParameters
from support import packages
from support.packages import PROGRAMS, version
from support.scripted import MODEL, ScriptedModel, bash, calls, says, script
from support.upstreams import Upstream
from systems.conftest import System


def test_there_is_no_swift_and_no_libcurl(system: System) -> None:
    """Else the other tests say nothing."""
    assert system.run("find", "/usr/lib", "-name", "libswift*", "-o", "-name", "libcurl*").stdout == ""
    assert system.run("sh", "-c", "command -v swift clang gcc curl", check=False).returncode != 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_wheels_programs_start(name: str, system: System) -> None:
    program = system.environment / "bin" / name
    assert system.run(program, "--version").stdout == f"{name} {version()}\n"
    listed = system.run("ldd", program).stdout
    assert "libc.so.6" in listed and "not found" not in listed
    module = system.run(system.environment / "bin/python", "-m", "exec_mcp", "--version")
    assert module.stdout == f"exec-mcp {version()}\n"


def test_the_doctor_is_content(system: System) -> None:
    done = system.run(system.environment / "bin/exec-mcp", "doctor", MCP_EXECUTOR_USER=system.user)
    for line in ("sandbox", "isolation"):
        assert f"ok    {line}" in done.stdout
    assert f"{system.environment}/share/exec-mcp/skills" in done.stdout


@pytest.mark.anyio
async def test_a_session_of_the_official_client(system: System) -> None:
    command, *arguments = system.command(system.environment / "bin/exec-mcp", "--user", system.user)
    began = time.monotonic()
    async with Client(StdioServerParameters(command=command, args=arguments)) as client:
        ran = await client.call_tool("execute_bash", {"command": "python3 -c 'print(6 * 7)'; ls /tools/*.py"})
        assert ran.structured_content["stdout"].startswith("42\n/tools/"), ran
        wrote = await client.call_tool("write_file", {"file_path": "note.txt", "content": "kept\n"})
        assert not wrote.is_error
        read = await client.call_tool("read_file", {"file_path": "note.txt"})
        assert read.content[0].text == "kept\n"
    print(f"{system.suite}: a session of three calls in {time.monotonic() - began:.1f} s")


def test_the_agent_works_on_a_task(system: System, tmp_path: Path) -> None:
    model = ScriptedModel(tmp_path, script(calls(bash("echo $((6 * 7))")), says("It is 42.")))
    try:
        began = time.monotonic()
        done = system.run(
            system.environment / "bin/exec-agent", "What is six times seven?",
            OPENAI_BASE_URL=model.url, DEFAULT_MODEL=MODEL, MCP_EXECUTOR_USER=system.user,
        )  # fmt: skip
        assert done.stdout == "It is 42.\n", done.stderr
        assert '"stdout":"42\\n"' in model.results()[0].replace(" ", "")
        print(f"{system.suite}: a task in {time.monotonic() - began:.1f} s")
    finally:
        model.close()


def test_the_deb_is_installed_and_removed(system: System) -> None:
    name = packages.only("exec-mcp_*.deb").name
    system.run("dpkg", "--install", f"/packages/{name}")
    try:
        for program in PROGRAMS:
            assert system.run(f"/usr/bin/{program}", "--version").stdout == f"{program} {version()}\n"
            system.run("test", "-f", f"/usr/share/man/man1/{program}.1.gz")
        done = system.run("/usr/bin/exec-mcp", "config", "cursor")
        assert "/usr/bin/exec-mcp" in done.stdout
    finally:
        system.run("dpkg", "--purge", "exec-mcp")
    assert system.run("test", "-e", "/usr/bin/exec-mcp", check=False).returncode == 1


def test_the_tarball_is_unpacked_and_used(system: System) -> None:
    name = packages.only("exec-mcp-*.tar.gz").name
    system.run("mkdir", system.directory / "prefix")
    system.run("tar", "-xf", f"/packages/{name}", "--strip-components=1", "-C", system.directory / "prefix")
    done = system.run(system.directory / "prefix/bin/exec-mcp", "doctor", MCP_EXECUTOR_USER=system.user)
    assert f"{system.directory}/prefix/share/exec-mcp/skills" in done.stdout


# Where other systems have their certificates


@pytest.fixture(scope="module")
def secure_model() -> Iterator[tuple[trustme.CA, Upstream]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    upstream = Upstream(context=context)
    yield authority, upstream
    upstream.close()


LAYOUTS = {
    "Debian, Ubuntu": ("/etc/ssl/certs/ca-certificates.crt", ""),
    "Fedora": ("/etc/pki/tls/certs/ca-bundle.crt", "mkdir -p /etc/ssl && ln -s ../pki/tls/certs /etc/ssl/certs"),
    "Fedora, extracted": ("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "mkdir -p /etc/ssl/certs"),
    "openSUSE": ("/etc/ssl/ca-bundle.pem", "mkdir -p /etc/ssl/certs"),
    "Alpine": ("/etc/ssl/cert.pem", "mkdir -p /etc/ssl/certs"),
    "named by SSL_CERT_FILE": ("/srv/authority.pem", "mkdir -p /etc/ssl/certs"),
}
# The container's own certificates go: no other test of this module needs them.
ASK = """
set -e
unset SSL_CERT_FILE
rm -rf /etc/ssl /etc/pki /srv/authority.pem
mkdir -p "$(dirname "$1")"
[ "$2" = none ] || cp "$2" "$1"
eval "$3"
[ "$1" != /srv/authority.pem ] || export SSL_CERT_FILE=$1
exec "$4" --model any "Hello?"
"""


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("system", ["bullseye"], indirect=True)
def test_certificates_are_found_where_a_system_has_them(
    layout: str, system: System, secure_model: tuple[trustme.CA, Upstream]
) -> None:
    authority, upstream = secure_model
    path, prepare = LAYOUTS[layout]
    file = system.directory / "authority.pem"
    authority.cert_pem.write_to_path(file)
    ask = ["sh", "-c", ASK, "sh", path]
    program = str(system.environment / "bin/exec-agent")
    settings = {"OPENAI_BASE_URL": upstream.url, "MCP_SERVER_COMMAND": str(system.environment / "bin/exec-mcp")}
    done = system.run(*ask, str(file), prepare, program, check=False, **settings)
    assert (done.returncode, done.stdout) == (0, "Hello.\n"), done.stderr
    # And it is this file that it trusts.
    done = system.run(*ask, "none", prepare, program, check=False, **settings)
    assert done.returncode == 1 and "TLS" in done.stderr


# What Debian's own tools say


def test_lintian_finds_no_errors() -> None:
    packages.run("lintian", "--fail-on", "error", packages.only("exec-mcp_*.deb"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_man_has_nothing_to_complain_of(name: str, tmp_path: Path) -> None:
    packages.run("tar", "-xf", packages.only("exec-mcp-*.tar.gz"), "--strip-components=1", "-C", tmp_path)
    page = tmp_path / "share/man/man1" / f"{name}.1"
    settings = {"LC_ALL": "C.UTF-8", "MANWIDTH": "100", "PATH": "/usr/bin:/bin"}
    assert packages.run("sh", "-c", f"man --warnings --local-file '{page}' 2>&1 >/dev/null", env=settings) == ""
