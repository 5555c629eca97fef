"""make bundle: what hosts install and what the registry is told, and that the bundle works where it is unpacked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.schemas import SCHEMAS
from support.stdio_client import REPOSITORY, StdioClient, server_binary

RELEASE = "https://downloads.example/exec-mcp/1"
NAME = "example.downloads/exec-mcp"


def bundle(directory: Path, *arguments: str, epoch: str = "1700000000") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, str(REPOSITORY / "packaging" / "bundle.py"),
            "--program", server_binary(), "--output", str(directory), *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=280,
        cwd="/",
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The bundle and the registry's entry."""
    directory = tmp_path_factory.mktemp("dist")
    run = bundle(directory, "--release-url", RELEASE, "--server-name", NAME)
    assert run.returncode == 0, run.stderr
    assert "example.com" not in run.stdout
    (archive,) = directory.glob("*.mcpb")
    return archive, json.loads((directory / "server.json").read_text())


@pytest.fixture(scope="module")
def manifest(made: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    with zipfile.ZipFile(made[0]) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "manifest.json"
        return json.loads(archive.read("manifest.json"))


def check(instance: Any, schema: str) -> None:
    rules = json.loads((SCHEMAS / schema).read_text())
    checker = jsonschema.Draft7Validator(rules, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in checker.iter_errors(instance)] == []


def version() -> str:
    run = subprocess.run([server_binary(), "--version"], check=True, capture_output=True, text=True, timeout=30)
    return run.stdout.split()[-1]


def test_the_manifest_is_valid(manifest: dict[str, Any]) -> None:
    check(manifest, "mcpb-manifest-v0.3.schema.json")
    assert manifest["manifest_version"] == "0.3"
    assert manifest["version"] == version()
    assert manifest["compatibility"]["platforms"] == [sys.platform]


def test_the_registrys_entry_is_valid_and_names_these_bytes(made: tuple[Path, dict[str, Any]]) -> None:
    archive, entry = made
    check(entry, "registry-2025-12-11.schema.json")
    package, wheel = entry["packages"]
    assert package["registryType"] == "mcpb"
    assert package["fileSha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert package["identifier"] == f"{RELEASE}/{archive.name}"
    assert entry["name"] == NAME
    assert entry["version"] == package["version"] == version()
    assert (wheel["registryType"], wheel["identifier"], wheel["runtimeHint"]) == ("pypi", "exec-mcp", "uvx")
    assert wheel["version"] == version()
    assert wheel["environmentVariables"] == package["environmentVariables"]
    assert re.fullmatch(rf"exec-mcp-{re.escape(version())}-[a-z]+-[a-z0-9_]+\.mcpb", archive.name)


def test_the_registrys_entry_names_every_variable_of_the_help(made: tuple[Path, dict[str, Any]]) -> None:
    text = subprocess.run([server_binary(), "--help"], check=True, capture_output=True, text=True, timeout=30).stdout
    told = {name: default for name, default in re.findall(r"^ +\((\w+); default: (.*)\)$", text, re.MULTILINE)}
    variables = {
        variable["name"]: variable.get("default") for variable in made[1]["packages"][0]["environmentVariables"]
    }
    assert variables == {name: None if " " in default else default for name, default in told.items()}


def test_the_settings_that_a_host_asks_for_are_the_servers_with_its_defaults(manifest: dict[str, Any]) -> None:
    environment = manifest["server"]["mcp_config"]["env"]
    assert {f"${{user_config.{name}}}" for name in manifest["user_config"]} == set(environment.values())
    assert manifest["user_config"]["network"]["default"] == "none"
    assert "MCP_EXECUTOR_IMAGE" in environment


def test_the_bundle_holds_what_it_should_and_nothing_else(made: tuple[Path, dict[str, Any]]) -> None:
    with zipfile.ZipFile(made[0]) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        icon = archive.read("icon.png")
    tracked = subprocess.run(
        ["git", "ls-files", "skills", "tools"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split()
    others = {"manifest.json", "icon.png", "README.md", "LICENSE", "server/exec-mcp"}
    assert set(entries) == {f"server/{name}" for name in tracked} | others
    for name, entry in entries.items():
        mode = entry.external_attr >> 16
        assert stat.S_ISREG(mode)
        assert stat.S_IMODE(mode) == (0o755 if name == "server/exec-mcp" else 0o644)
    assert icon.startswith(b"\x89PNG") and struct.unpack(">II", icon[16:24]) == (256, 256)


def test_the_same_input_makes_the_same_bytes(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    assert bundle(tmp_path, "--release-url", RELEASE, "--server-name", NAME).returncode == 0
    assert (tmp_path / made[0].name).read_bytes() == made[0].read_bytes()
    assert json.loads((tmp_path / "server.json").read_text()) == made[1]


def test_without_an_address_it_says_what_to_set(tmp_path: Path) -> None:
    run = bundle(tmp_path, epoch="")
    assert run.returncode == 0
    assert "RELEASE_URL" in run.stdout and "SERVER_NAME" in run.stdout
    entry = json.loads((tmp_path / "server.json").read_text())
    check(entry, "registry-2025-12-11.schema.json")
    assert entry["packages"][0]["identifier"].startswith("https://example.com/")


@pytest.mark.parametrize("arguments", [["--release-url", "ftp://x"], ["--server-name", "exec-mcp"]])
def test_what_the_registry_would_refuse_is_refused_here(arguments: list[str], tmp_path: Path) -> None:
    assert bundle(tmp_path, *arguments).returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_the_makefile_makes_it_of_the_release_build() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    planned = subprocess.run(
        ["make", "--dry-run", "bundle"], cwd=REPOSITORY, env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert "swift build -c release" in planned
    assert "packaging/bundle.py --program" in planned and ".build/release/exec-mcp" in planned


def start(manifest: dict[str, Any], directory: Path, **settings: str) -> StdioClient:
    """A server, started as a host does it: the manifest's words, nothing of this environment but the home directory."""
    values = {name: setting["default"] for name, setting in manifest["user_config"].items()} | settings

    def filled(text: str) -> str:
        text = text.replace("${__dirname}", str(directory))
        return re.sub(r"\$\{user_config\.(\w+)\}", lambda match: values[match[1]], text)

    configuration = manifest["server"]["mcp_config"]
    environment: dict[str, str | None] = dict.fromkeys(set(os.environ) - {"HOME", "DOCKER_HOST"})
    environment |= {name: filled(value) for name, value in configuration["env"].items()}
    command = [filled(configuration["command"]), *map(filled, configuration["args"])]
    return StdioClient(command=command, env=environment, cwd="/")


def test_the_bundle_works_where_it_is_unpacked(
    made: tuple[Path, dict[str, Any]], manifest: dict[str, Any], tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    # As `unzip` does it; Python's own extraction drops the modes.
    with zipfile.ZipFile(made[0]) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, tmp_path))
            path.chmod(entry.external_attr >> 16 & 0o777)
    assert (tmp_path / manifest["server"]["entry_point"]).is_file()
    with start(manifest, tmp_path, workspace="ephemeral") as client:
        client.initialize()
        names = [tool["name"] for tool in client.request("tools/list")["tools"]]
        assert names == [tool["name"] for tool in manifest["tools"]]
        prompts = [prompt["name"] for prompt in client.request("prompts/list")["prompts"]]
        assert prompts == [prompt["name"] for prompt in manifest["prompts"]]
        text = client.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]
        assert "/skills/data-visualization/SKILL.md" in text and "`sympy_helpers`" in text
        seen = client.bash("ls /skills/*/SKILL.md /tools/*.py")
        assert seen["exit_code"] == 0, seen
        assert "/tools/sympy_helpers.py" in seen["stdout"]


def test_a_setting_that_is_left_empty_is_the_default(manifest: dict[str, Any], tmp_path: Path) -> None:
    """Hosts hand on an empty field as an empty variable."""
    command = {"command": server_binary(), "args": [], "env": manifest["server"]["mcp_config"]["env"]}
    settings: dict[str, Any] = {"server": {"mcp_config": command}, "user_config": manifest["user_config"]}
    with start(settings, tmp_path, **dict.fromkeys(manifest["user_config"], "")) as client:
        assert client.initialize()
