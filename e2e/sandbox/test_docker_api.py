"""Which engine the tests ask: that of docker's command line, whatever tells it which one to use."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support import docker_api, engine


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration, with a context for an engine elsewhere."""
    if engine.program() != "docker":
        pytest.skip("another engine's command line is under test")
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    create = ["docker", "context", "create", "elsewhere", "--docker", "host=tcp://127.0.0.1:9"]
    subprocess.run(create, check=True, capture_output=True, timeout=120)
    return tmp_path


def test_the_socket_is_asked_if_nothing_names_another_engine(directory: Path) -> None:
    assert docker_api.answers_for("docker") == Path(docker_api.SOCKET).exists()
    assert not docker_api.answers_for("podman")
    for text in ("{}", json.dumps({"currentContext": "default"}), json.dumps({"currentContext": ""}), "not JSON"):
        (directory / "config.json").write_text(text)
        assert docker_api.answers_for("docker") == Path(docker_api.SOCKET).exists()


@pytest.mark.parametrize("setting", ["DOCKER_HOST", "DOCKER_CONTEXT", "the current context"])
def test_the_command_line_is_asked_if_it_uses_another_engine(
    setting: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if setting == "DOCKER_HOST":
        monkeypatch.setenv(setting, "tcp://127.0.0.1:9")
    elif setting == "DOCKER_CONTEXT":
        monkeypatch.setenv(setting, "elsewhere")
    else:
        subprocess.run(["docker", "context", "use", "elsewhere"], check=True, capture_output=True, timeout=120)
    assert not docker_api.answers_for("docker")
    # And so it is.
    done = subprocess.run(["docker", "ps"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0 and "127.0.0.1:9" in done.stderr


def test_a_context_in_a_variable_counts_more_than_the_current_one(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["docker", "context", "use", "elsewhere"], check=True, capture_output=True, timeout=120)
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert docker_api.answers_for("docker") == Path(docker_api.SOCKET).exists()
    subprocess.run(["docker", "ps"], check=True, capture_output=True, timeout=120)
