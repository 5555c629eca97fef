"""The published client `fastmcp`: resources, progress, and skills over MCP, whose reference client it is."""

import base64
import hashlib

import anyio
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.skills import SkillsClientExtension
from mcp import MCPError
from mcp_types import ResourceTemplateReference
from support.samples import BYTES
from support.skill_files import files_of, write_skill
from support.steps import run_in_steps

pytestmark = pytest.mark.anyio
MODES = ["legacy", "auto", "2026-07-28"]
FILES = {"references/GUIDE.md": "# Führer\n".encode(), "assets/noise.bin": BYTES * 1000, "assets/a b%.txt": b"odd"}


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def skills(tmp_path):
    write_skill(tmp_path / "skills", "sheep", files=FILES, extra="license: MIT\nmetadata:\n  version: '1.0'\n")
    write_skill(tmp_path / "skills", "wolf")
    return tmp_path / "skills"


@pytest.fixture
def connect(tapped_server, mode, skills):
    def make(**options):
        transport = StdioTransport(
            command=tapped_server.command,
            args=[*tapped_server.arguments, "--skills", str(skills)],
            env=tapped_server.environment,
            keep_alive=False,
        )
        return Client(transport, mode=mode, **options)

    return make


def content_bytes(contents) -> bytes:
    assert len(contents) == 1
    content = contents[0]
    return content.text.encode() if hasattr(content, "text") else base64.b64decode(content.blob, validate=True)


@pytest.mark.parametrize("mode", ["auto"], indirect=True)
async def test_it_lists_and_gets_skills_and_the_digests_are_those_of_the_bytes(connect, skills):
    async with connect(extensions=[SkillsClientExtension()]) as client:
        listed = {skill.frontmatter.name: skill for skill in await client.list_skills()}
        assert set(listed) == {"sheep", "wolf"}
        for name, skill in listed.items():
            assert await client.get_skill(skill.uri) == skill
            contents = [content_bytes(await client.read_resource(resource.uri)) for resource in skill.resources]
            assert sorted(contents) == sorted(files_of(skills / name).values())
            for resource, content in zip(skill.resources, contents, strict=True):
                assert resource.size == len(content)
                assert resource.digest == "sha256:" + hashlib.sha256(content).hexdigest()
        assert listed["sheep"].frontmatter.license == "MIT"
        assert listed["sheep"].frontmatter.metadata == {"version": "1.0"}
        with pytest.raises(MCPError):
            await client.get_skill("skill://nobody/SKILL.md")


@pytest.mark.parametrize("mode", ["auto"], indirect=True)
async def test_it_pages_through_many_skills(connect, skills):
    for number in range(120):
        write_skill(skills, f"skill-{number:03}")
    async with connect(extensions=[SkillsClientExtension()]) as client:
        assert len(await client.list_skills()) == 122


async def test_it_lists_and_reads_resources(connect, skills):
    async with connect() as client:
        listed = [str(resource.uri) for resource in await client.list_resources()]
        assert len(listed) == sum(len(files_of(skill)) for skill in skills.iterdir())
        assert content_bytes(await client.read_resource("skill://sheep/assets/noise.bin")) == BYTES * 1000
        templates = await client.list_resource_templates()
        assert {template.uri_template for template in templates} == {"skill://{skill}/{+path}", "artifact:///{name}"}


async def test_a_binary_artifact_is_equal_to_the_byte(connect):
    async with connect() as client:
        program = "import sys; open('/artifacts/all.bin', 'wb').write(bytes(range(256)) * 4000)"
        await client.call_tool("execute_bash", {"command": f'python3 -c "{program}"'})
        assert content_bytes(await client.read_resource("artifact:///all.bin")) == BYTES * 4000


async def test_it_completes(connect):
    async with connect() as client:
        reference = ResourceTemplateReference(uri="skill://{skill}/{+path}")
        assert (await client.complete(reference, {"name": "skill", "value": "w"})).values == ["wolf"]


async def test_its_handler_gets_progress_with_messages(connect):
    told = []

    async def progress(progress, total, message):
        told.append(message)

    async with connect(progress_handler=progress) as client:

        async def run(command):
            await client.call_tool("execute_bash", {"command": command, "timeout": 120})

        await run_in_steps(["one", "two"], told, run, run)
    assert told[0] == "Starting the sandbox"
    assert [message for message in told if message in ("one", "two")] == ["one", "two"]


async def test_a_call_whose_task_is_cancelled_says_no_more(connect):
    told, scope = [], anyio.CancelScope()

    async def progress(progress, total, message):
        told.append(message)
        if message == "busy":
            scope.cancel()

    async with connect(progress_handler=progress) as client:
        await client.call_tool("execute_bash", {"command": "true"})
        with scope:
            await client.call_tool("execute_bash", {"command": "while sleep 0.1; do echo busy; done", "timeout": 60})
        assert scope.cancelled_caught
        # Whatever was under way comes before this answer.
        await client.call_tool("execute_bash", {"command": "true"})
        told.clear()
        await client.call_tool("execute_bash", {"command": "sleep 1"})
        assert "busy" not in told


async def test_it_is_never_asked_anything(connect):
    asked = []

    async def ask(*question):
        asked.append(question)
        raise AssertionError("the server asks nothing")

    async with connect(elicitation_handler=ask, sampling_handler=ask) as client:
        await client.call_tool("execute_bash", {"command": "echo a > /artifacts/a.txt"})
        await client.read_resource("artifact:///a.txt")
    assert asked == []
