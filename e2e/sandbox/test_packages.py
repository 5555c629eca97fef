"""Packages that an agent installs through an allowed host: they have room, they last, and they hide nothing of ours."""

from __future__ import annotations

import pytest
from support.outside import NAME, outside
from support.wheels import publish

INDEX = f"--index-url http://{NAME}/files/simple/"
PIP = f"pip install {INDEX} --trusted-host {NAME} --disable-pip-version-check"
UV = f"uv pip install {INDEX} --allow-insecure-host {NAME}"
# More than /tmp has room for in a sandbox of 256 MB.
LARGE = 150 << 20


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with outside(tmp_path_factory.mktemp("index")) as world:
        publish(world.files, "large", LARGE)
        publish(world.files, "small", 1000)
        yield world


@pytest.fixture
def start(world, start_server, fresh_user):
    def start(*arguments):
        options = ("--user", fresh_user, "--allow-host", f"{NAME}:80", *arguments)
        return start_server(*options, command=world.server_command())

    return start


@pytest.mark.parametrize("command", [PIP, f"python3 -m {PIP}", UV], ids=["pip", "python -m pip", "uv"])
def test_a_package_larger_than_tmp_is_installed_and_there_after_a_restart(start, command):
    server = start("--memory", "256m")
    done = server.bash(f"{command} large", timeout=300)
    assert done["exit_code"] == 0, done
    server.close()
    server = start("--memory", "256m")
    assert server.python("import large; print(large.name)")["stdout"] == "large\n"
    assert server.bash("large-command; ls")["stdout"] == "ran\n"


def test_a_virtual_environment_is_left_to_itself(start):
    server = start()
    commands = {
        "python3 -m venv": f"python3 -m venv plain && plain/bin/{PIP} small",
        "uv venv": f"uv venv --quiet && {UV} small",
    }
    for name, command in commands.items():
        done = server.bash(command, timeout=300)
        assert done["exit_code"] == 0, (name, done)
    found = "plain/bin/python -c 'import small'; .venv/bin/python -c 'import small'; python3 -c 'import small'"
    done = server.bash(found)
    assert done["stderr"].count("ModuleNotFoundError") == 1, done
    assert done["exit_code"] != 0, "the last one is outside"


def test_the_limit_in_the_middle_of_an_installation_is_told(start):
    server = start("--workspace-limit", "100m")
    done = server.bash(f"{PIP} large", timeout=300)
    assert done["exit_code"] != 0
    assert "workspace" in done["stderr"] and "limit" in done["stderr"], done
    assert server.bash("rm -rf /workspace/.sandbox")["exit_code"] == 0
    done = server.bash(f"{PIP} small", timeout=300)
    assert done["exit_code"] == 0, done


def test_the_prompt_says_how_to_install(start):
    server = start()
    result = server.request("prompts/list", {})
    text = str(server.request("prompts/get", {"name": result["prompts"][0]["name"]}))
    assert "`pip install NAME` (or `uv pip install`) works and lasts." in text
