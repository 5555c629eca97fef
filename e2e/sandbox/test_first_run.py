"""The first call on a machine whose engine lacks the sandbox's image: the server has it built or pulled.

The engine is this machine's. Only the recipe is another one, so that a build takes seconds: one step on the sandbox's
own image, which asks the test for a file and so lasts as long as the test wants.
"""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import engine
from support.stdio_client import StdioClient, text_of
from support.wheels import Hold, index

PROGRAM = """#!/bin/sh
printf '%s\\n' "$1" >>'{record}'
case $1 in
build)
    cat >/dev/null
    printf '%s\\n' 'FROM {image}' 'ARG STAGE' 'LABEL exec-mcp.stage=$STAGE {mark}=yes' 'RUN {step}' | {engine} "$@"
    ;;
pull) exec {engine} tag {image} "$2" ;;
*) exec {engine} "$@" ;;
esac
"""


@dataclass
class FirstRun:
    """A machine without the image."""

    image: str
    engine: str
    mark: str
    record: Path
    hold: Hold

    @property
    def options(self) -> list[str]:
        return ["--image", self.image, "--engine", self.engine]

    def count(self, command: str) -> int:
        """How often the engine was given a command."""
        return self.record.read_text().splitlines().count(command)

    def leftovers(self) -> dict[str, list[str]]:
        """What a build that was ended has left: images, containers, processes."""
        images = engine.run("image", "ls", "--all", "--quiet", "--filter", f"label={self.mark}").split()
        containers = engine.run("ps", "--all", "--quiet", "--filter", f"label={self.mark}").split()
        processes = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if self.image in line or self.engine in line:
                processes.append(line)
        return {"images": images, "containers": containers, "processes": processes}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[..., FirstRun]]:
    """Makes a machine; `step` is what its build runs, by default one that waits for the test."""
    token = secrets.token_hex(6)
    hold = Hold()
    (tmp_path / "simple").mkdir()
    (tmp_path / "simple" / f"{token}.whl").write_text("go on")
    made: list[FirstRun] = []
    with index(tmp_path, hold=hold) as url:
        ask = f'python3 -c "import urllib.request; urllib.request.urlopen(\\"{url}{token}.whl\\").read()"'

        def make(name: str = "mcp-code-executor", step: str = ask) -> FirstRun:
            mark, record, program = f"exec-mcp-test-{token}", tmp_path / "record", tmp_path / "engine"
            values = {"image": engine.IMAGE, "engine": engine.path_of_program(), "mark": mark, "record": record}
            record.touch()
            program.write_text(PROGRAM.format(step=step, **values))
            program.chmod(0o755)
            # The slim variant's check is the short one.
            made.append(FirstRun(f"{name}:slim-{token}", str(program), mark, record, hold))
            return made[-1]

        yield make
    for one in made:
        engine.run("image", "rm", "--force", one.image, check=False)


def start_call(client: StdioClient, token: str | None = "watched") -> object:
    meta = {"progressToken": token} if token else None
    return client.start_tool("execute_bash", command="echo $((6 * 7))", meta=meta)


def wait_for_progress(client: StdioClient, text: str) -> None:
    client.wait_for(
        lambda message: text in str((message.get("params") or {}).get("message")), 300, f"progress {text!r}"
    )


@pytest.mark.timeout(600)
def test_the_image_is_built_once_for_two_servers_and_their_calls_then_run(
    machine: Callable[..., FirstRun], start_server: Callable[..., StdioClient]
) -> None:
    first_run = machine()
    first = start_server(*first_run.options, "--workspace", "ephemeral")
    call = start_call(first)
    assert first_run.hold.asked.wait(timeout=300), first.stderr
    wait_for_progress(first, f"The sandbox image {first_run.image} is being built")
    # Everything else is answered meanwhile.
    assert first.request("tools/list")["tools"] and first.request("prompts/list")["prompts"]
    first.request("resources/list")
    second = start_server(*first_run.options, "--workspace", "ephemeral")
    another = start_call(second)
    wait_for_progress(second, "is being built or downloaded by another server")
    first_run.hold.released.set()
    for client, pending in ((first, call), (second, another)):
        result = client.result(pending, timeout=400)
        assert not result.get("isError"), text_of(result)
        assert '"stdout":"42\\n"' in text_of(result)
    assert first_run.count("build") == 1
    wait_for_progress(first, "has been built and is being checked")
    label = engine.inspect(first_run.image)["Config"]["Labels"]["exec-mcp.build-inputs"]
    assert label.startswith(f"{first_run.image}@")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ending", ["closed", "SIGTERM", "SIGKILL"])
def test_the_end_of_the_server_ends_the_build_and_nothing_is_left(
    ending: str, machine: Callable[..., FirstRun], user: str
) -> None:
    first_run = machine()
    client = StdioClient([*first_run.options, "--user", user])
    client.initialize()
    start_call(client)
    assert first_run.hold.asked.wait(timeout=300), client.stderr
    assert any("provide-image" in line for line in first_run.leftovers()["processes"])
    if ending == "closed":
        assert client.close() == 0
    elif ending == "SIGTERM":
        client.signal(signal.SIGTERM)
        assert client.wait_exit() == 0
    else:
        client.kill9()
    assert engine.poll(lambda: not any(first_run.leftovers().values())) is not None, first_run.leftovers()
    assert not engine.run("image", "ls", "--quiet", first_run.image).strip()


@pytest.mark.timeout(300)
def test_a_failed_build_is_told_and_no_server_tries_again_at_once(
    machine: Callable[..., FirstRun], start_server: Callable[..., StdioClient]
) -> None:
    first_run = machine(step='echo "image error: the index has no such package: set PIP_INDEX_URL"; exit 7')
    for _ in range(2):
        server = start_server(*first_run.options)
        for _ in range(2):
            result = server.result(start_call(server, token=None), timeout=200)
            assert result["isError"]
            assert "the index has no such package: set PIP_INDEX_URL" in text_of(result)
            assert "`exec-mcp image`" in text_of(result)
    assert first_run.count("build") == 1
    assert engine.poll(lambda: not any(first_run.leftovers()["images"])) is not None, first_run.leftovers()


@pytest.mark.timeout(300)
def test_an_image_of_a_registry_is_pulled(
    machine: Callable[..., FirstRun], start_server: Callable[..., StdioClient]
) -> None:
    first_run = machine("registry.example/sandboxes/python")
    server = start_server(*first_run.options, "--workspace", "ephemeral")
    assert server.bash("echo $((6 * 7))")["stdout"] == "42\n"
    assert (first_run.count("pull"), first_run.count("build")) == (1, 0)


@pytest.mark.timeout(300)
def test_a_pull_that_fails_is_told(start_server: Callable[..., StdioClient]) -> None:
    """An address of this machine that nobody listens on."""
    server = start_server("--image", "127.0.0.1:9/no/such:image")
    result = server.result(start_call(server), timeout=200)
    assert result["isError"]
    assert "The image 127.0.0.1:9/no/such:image could not be pulled" in text_of(result)


@pytest.mark.parametrize("name", ["mcp-code-executor", "registry.example/sandboxes/python"])
def test_nothing_is_built_or_pulled_with_no_build(
    name: str, machine: Callable[..., FirstRun], start_server: Callable[..., StdioClient]
) -> None:
    first_run = machine(name)
    server = start_server(*first_run.options, "--no-build")
    result = server.result(start_call(server))
    assert result["isError"]
    assert "is not on this machine. Build it with `exec-mcp image" in text_of(result)
    assert (first_run.count("pull"), first_run.count("build")) == (0, 0)
