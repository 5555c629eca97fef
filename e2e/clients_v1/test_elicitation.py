"""Questions to the person behind the published client `mcp` 1.x."""

from contextlib import asynccontextmanager

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import ElicitResult, ErrorData
from support import questions

pytestmark = pytest.mark.anyio


@pytest.fixture
def asking_server(user, tmp_path):
    with questions.tapped_server(user, tmp_path) as server:
        yield server


@pytest.fixture
def connect(asking_server):
    """Connects a session whose person answers with `answer`."""
    parameters = StdioServerParameters(
        command=asking_server.command, args=asking_server.arguments, env=asking_server.environment
    )

    @asynccontextmanager
    async def session(answer=None):
        async with (
            stdio_client(parameters) as (read, write),
            ClientSession(read, write, elicitation_callback=answer) as connected,
        ):
            await connected.initialize()
            yield connected

    return session


async def run(session, command=questions.ASK, **more):
    return (await session.call_tool("execute_bash", {"command": command, **more})).structuredContent


async def test_the_answer_reaches_the_server(connect, tmp_path):
    actions = ["accept", "decline", "cancel"]
    left = list(actions)

    async def answer(context, params):
        assert params.message.endswith("Which one?")
        action = left.pop(0)
        return ElicitResult(action=action, content={"answer": "yes"} if action == "accept" else None)

    async with connect(answer) as session:
        for action in actions:
            result = await run(session)
            assert result["stdout"] == f"{action}: {'yes' if action == 'accept' else ''}\n", result
    assert questions.answers(tmp_path, "modern") == actions


async def test_an_error_of_the_client_is_no_answer(connect, tmp_path):
    async def answer(context, params):
        return ErrorData(code=-32603, message="no screen")

    async with connect(answer) as session:
        assert (await run(session))["stdout"] == "cancel: \n"
    assert questions.answers(tmp_path, "modern") == ["cancel"]


async def test_without_a_callback_nobody_is_asked(connect, tmp_path):
    async with connect() as session:
        result = await run(session)
    assert "cannot be asked here" in result["stderr"], result
    assert questions.answers(tmp_path, "modern") == []


async def test_two_commands_at_once_get_their_own_answers(connect):
    async def answer(context, params):
        await anyio.sleep(0.2)
        return ElicitResult(action="accept", content={"answer": params.message.split()[-1]})

    results = {}

    async def ask(session, word):
        command = questions.ASK.replace("Which one?", f"Which {word}")
        results[word] = (await run(session, command))["stdout"]

    async with connect(answer) as session, anyio.create_task_group() as tasks:
        for word in ("apple", "pear"):
            tasks.start_soon(ask, session, word)
    assert results == {word: f"accept: {word}\n" for word in ("apple", "pear")}
