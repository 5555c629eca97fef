"""The published client `mcp` 1.x: resources, completion, subscriptions and progress of the handshake's era."""

import base64
import hashlib
from contextlib import asynccontextmanager
from functools import partial

import anyio
import pytest
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import PromptReference, ResourceTemplateReference
from pydantic import AnyUrl
from support.skill_files import write_skill
from support.steps import run_in_steps

pytestmark = pytest.mark.anyio
NOISE = """
import hashlib, os
content = os.urandom(1_500_000)
open("/artifacts/noise.bin", "wb").write(content)
print(hashlib.sha256(content).hexdigest())
"""


@pytest.fixture
def connect(tapped_server, tmp_path):
    write_skill(tmp_path / "skills", "sheep", files={"notes.txt": b"one"})
    parameters = StdioServerParameters(
        command=tapped_server.command,
        args=[*tapped_server.arguments, "--skills", str(tmp_path / "skills")],
        env=tapped_server.environment,
    )

    @asynccontextmanager
    async def session(**options):
        is_over = False
        try:
            async with stdio_client(parameters) as (read, write), ClientSession(read, write, **options) as connected:
                await connected.initialize()
                yield connected
                is_over = True
        except BaseException as error:
            # This client fails at a notification that comes while it leaves.
            failures = getattr(error, "exceptions", [error])
            if not is_over or not all(isinstance(failure, anyio.BrokenResourceError) for failure in failures):
                raise

    return session


async def run(session, command, **options):
    return await session.call_tool("execute_bash", {"command": command, "timeout": 120}, **options)


async def test_it_lists_and_reads_what_there_is(connect):
    async with connect() as session:
        resources = (await session.list_resources()).resources
        assert {str(resource.uri) for resource in resources} == {"skill://sheep/SKILL.md", "skill://sheep/notes.txt"}
        templates = (await session.list_resource_templates()).resourceTemplates
        assert [template.uriTemplate for template in templates] == ["skill://{skill}/{+path}", "artifact:///{name}"]
        for resource in resources:
            assert (await session.read_resource(resource.uri)).contents[0].text


async def test_a_binary_artifact_is_equal_to_the_byte(connect):
    async with connect() as session:
        ran = await run(session, f"python3 - <<'END'\n{NOISE}\nEND")
        link = next(block for block in ran.content if block.type == "resource_link")
        content = (await session.read_resource(link.uri)).contents[0]
        digest = hashlib.sha256(base64.b64decode(content.blob, validate=True)).hexdigest()
        assert digest == ran.structuredContent["stdout"].strip()


async def test_a_name_that_the_client_encodes_is_found(connect):
    async with connect() as session:
        ran = await run(session, "echo found > '/artifacts/a b é %41.txt'")
        link = next(block for block in ran.content if block.type == "resource_link")
        assert (await session.read_resource(link.uri)).contents[0].text == "found\n"
        assert (await session.read_resource(AnyUrl("artifact:///a b é %2541.txt"))).contents[0].text == "found\n"


async def test_what_is_not_there_is_an_error(connect):
    async with connect() as session:
        with pytest.raises(McpError) as error:
            await session.read_resource(AnyUrl("artifact:///none.txt"))
        assert error.value.error.code == -32002


async def test_it_completes_the_variables_of_the_templates(connect):
    async with connect() as session:
        skill = ResourceTemplateReference(type="ref/resource", uri="skill://{skill}/{+path}")
        assert (await session.complete(skill, {"name": "skill", "value": ""})).completion.values == ["sheep"]
        found = await session.complete(skill, {"name": "path", "value": "n"}, {"skill": "sheep"})
        assert found.completion.values == ["notes.txt"]
        prompt = PromptReference(type="ref/prompt", name="agent_system_prompt")
        assert (await session.complete(prompt, {"name": "x", "value": ""})).completion.values == []


async def test_its_callback_gets_progress_with_messages(connect):
    told = []

    async def progress(progress, total, message):
        told.append(message)

    async with connect() as session:
        with_progress = partial(run, session, progress_callback=progress)
        await run_in_steps(["one", "two", "three"], told, with_progress, partial(run, session))
    assert told[0] == "Starting the sandbox"
    assert [message for message in told if message in ("one", "two", "three")] == ["one", "two", "three"]


async def test_it_hears_of_what_it_subscribed_to(connect, tmp_path):
    heard = {}
    wanted = {"notifications/resources/updated", "notifications/resources/list_changed"}
    wanted.add("notifications/prompts/list_changed")
    events = {method: anyio.Event() for method in wanted}

    async def handler(message):
        method = getattr(getattr(message, "root", None), "method", None)
        if method in events:
            heard[method] = message.root.params
            events[method].set()

    async with connect(message_handler=handler) as session:
        await session.subscribe_resource(AnyUrl("artifact:///a.txt"))
        await run(session, "echo a > /artifacts/a.txt")
        write_skill(tmp_path / "skills", "wolf")
        with anyio.fail_after(60):
            for event in events.values():
                await event.wait()
        assert str(heard["notifications/resources/updated"].uri) == "artifact:///a.txt"
        await session.unsubscribe_resource(AnyUrl("artifact:///a.txt"))


async def test_it_is_never_asked_anything(connect):
    asked = []

    async def ask(context, params):
        asked.append(params)
        raise AssertionError("the server asks nothing")

    async with connect(elicitation_callback=ask, sampling_callback=ask) as session:
        await run(session, "echo a > /artifacts/a.txt")
        await session.read_resource(AnyUrl("artifact:///a.txt"))
        await session.get_prompt("agent_system_prompt")
    assert asked == []
