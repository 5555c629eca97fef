"""The published client `mcp` 2.x: resources, completion, progress, and what it hears of changes."""

import base64
import hashlib
from functools import partial

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.subscriptions import ListenNotSupportedError, PromptsListChanged, ResourcesListChanged, ResourceUpdated
from mcp_types import PromptReference, ResourceTemplateReference
from support.skill_files import write_skill
from support.steps import run_in_steps

pytestmark = pytest.mark.anyio
MODES = ["legacy", "auto", "2026-07-28"]
NOISE = """
import hashlib, os
content = os.urandom(1_500_000)
open("/artifacts/noise.bin", "wb").write(content)
print(hashlib.sha256(content).hexdigest())
"""


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def connect(tapped_server, mode, tmp_path):
    """Makes a client for the tapped server, which has one skill of its own."""
    write_skill(tmp_path / "skills", "sheep", files={"notes.txt": b"one"})
    parameters = StdioServerParameters(
        command=tapped_server.command,
        args=[*tapped_server.arguments, "--skills", str(tmp_path / "skills")],
        env=tapped_server.environment,
    )
    return lambda **options: Client(parameters, mode=mode, **options)


async def events(subscription, last) -> set:
    """What comes of a subscription, up to a certain event."""
    seen = set()
    with anyio.fail_after(60):
        async for event in subscription:
            seen.add(event)
            if event == last:
                return seen
    raise AssertionError("the subscription ended")


async def run(client, command, **options):
    result = await client.call_tool("execute_bash", {"command": command, "timeout": 120}, **options)
    assert not result.is_error, result
    return result.structured_content


async def test_it_lists_and_reads_what_there_is(connect):
    async with connect() as client:
        listed = {resource.uri: resource for resource in (await client.list_resources()).resources}
        assert set(listed) == {"skill://sheep/SKILL.md", "skill://sheep/notes.txt"}
        templates = (await client.list_resource_templates()).resource_templates
        assert [template.uri_template for template in templates] == ["skill://{skill}/{+path}", "artifact:///{name}"]
        content = (await client.read_resource("skill://sheep/notes.txt")).contents[0]
        assert content.text == "one"
        assert content.mime_type == listed["skill://sheep/notes.txt"].mime_type == "text/plain"


async def test_a_binary_artifact_is_equal_to_the_byte(connect):
    async with connect() as client:
        ran = await client.call_tool("execute_bash", {"command": f"python3 - <<'END'\n{NOISE}\nEND"})
        links = [block for block in ran.content if block.type == "resource_link"]
        assert [link.uri for link in links] == ["artifact:///noise.bin"]
        content = (await client.read_resource(links[0].uri)).contents[0]
        digest = hashlib.sha256(base64.b64decode(content.blob, validate=True)).hexdigest()
        assert digest == ran.structured_content["stdout"].strip()


async def test_what_is_not_there_is_an_error(connect, mode):
    async with connect() as client:
        with pytest.raises(MCPError) as error:
            await client.read_resource("artifact:///none.txt")
        assert error.value.error.code == (-32002 if mode == "legacy" else -32602)
        assert error.value.error.data["uri"] == "artifact:///none.txt"


async def test_it_completes_the_variables_of_the_templates(connect):
    skill = ResourceTemplateReference(uri="skill://{skill}/{+path}")
    async with connect() as client:
        found = await client.complete(skill, {"name": "skill", "value": "sh"})
        assert found.completion.values == ["sheep"]
        found = await client.complete(skill, {"name": "path", "value": ""}, {"skill": "sheep"})
        assert found.completion.values == ["SKILL.md", "notes.txt"]
        prompt = PromptReference(name="agent_system_prompt")
        assert (await client.complete(prompt, {"name": "x", "value": ""})).completion.values == []


async def test_its_callback_gets_progress_with_messages(connect):
    numbers, messages = [], []

    async def progress(progress, total, message):
        numbers.append(progress)
        messages.append(message)

    async with connect() as client:
        with_progress = partial(run, client, progress_callback=progress)
        await run_in_steps(["one", "two", "three"], messages, with_progress, partial(run, client))
    assert numbers == sorted(set(numbers))
    assert messages[0] == "Starting the sandbox"
    assert [message for message in messages if message in ("one", "two", "three")] == ["one", "two", "three"]


async def test_progress_ends_with_a_cancelled_call(connect):
    told, scope = [], anyio.CancelScope()

    async def progress(progress, total, message):
        told.append(message)
        scope.cancel()

    async with connect() as client:
        await run(client, "true")
        with scope:
            await run(client, "while sleep 0.1; do echo busy; done", progress_callback=progress)
        assert scope.cancelled_caught
        # Whatever was under way comes before this answer.
        await run(client, "true")
        before = len(told)
        await run(client, "sleep 1")
        assert len(told) == before


async def test_it_listens_where_the_revision_lets_it(connect, mode, tmp_path):
    async with connect() as client:
        if mode == "legacy":
            with pytest.raises(ListenNotSupportedError):
                async with client.listen(resources_list_changed=True):
                    pass
            return
        uri = "artifact:///a.txt"
        wanted = {"tools_list_changed": True, "prompts_list_changed": True, "resources_list_changed": True}
        async with client.listen(**wanted, resource_subscriptions=[uri]) as subscription:
            assert not subscription.honored.tools_list_changed
            assert subscription.honored.prompts_list_changed
            await run(client, "echo a > /artifacts/a.txt")
            seen = await events(subscription, ResourceUpdated(uri=uri))
            assert seen == {ResourcesListChanged(), ResourceUpdated(uri=uri)}
            assert uri in {resource.uri for resource in (await client.list_resources()).resources}
            write_skill(tmp_path / "skills", "wolf")
            await events(subscription, PromptsListChanged())


@pytest.mark.parametrize("mode", ["legacy"], indirect=True)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:resources/")
async def test_it_subscribes_in_the_legacy_way(connect):
    heard, news = [], anyio.Event()

    async def handler(message):
        heard.append(getattr(message, "method", None) or getattr(getattr(message, "root", None), "method", None))
        if "notifications/resources/updated" in heard:
            news.set()

    async with connect(message_handler=handler) as client:
        await client.subscribe_resource("artifact:///a.txt")
        await run(client, "echo a > /artifacts/a.txt")
        with anyio.fail_after(60):
            await news.wait()
        await client.unsubscribe_resource("artifact:///a.txt")


async def test_it_is_never_asked_anything(connect):
    asked = []

    async def ask(context, params):
        asked.append(params)
        raise AssertionError("the server asks nothing")

    callbacks = {"elicitation_callback": ask, "sampling_callback": ask}
    async with connect(**callbacks) as client:
        await client.list_tools()
        await run(client, "rm -rf /workspace/none; echo a > /artifacts/a.txt")
        await client.read_resource("artifact:///a.txt")
        await client.get_prompt("agent_system_prompt")
    assert asked == []
