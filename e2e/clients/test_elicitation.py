"""Questions to the person behind the published clients `mcp` 2.x and `fastmcp`, in both eras."""

import os
import signal
import subprocess
import sys

import anyio
import pytest
from fastmcp import Client as FastClient
from fastmcp.client.elicitation import ElicitResult as FastElicitResult
from fastmcp.client.transports import StdioTransport
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import ElicitResult, ErrorData
from support import engine, questions
from support.stdio_client import server_binary

pytestmark = pytest.mark.anyio
MODES = ["legacy", "auto"]


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def asking_server(user, tmp_path):
    with questions.tapped_server(user, tmp_path) as server:
        yield server


@pytest.fixture
def connect(asking_server, mode):
    """Makes a client whose person answers with `answer`."""
    parameters = StdioServerParameters(
        command=asking_server.command, args=asking_server.arguments, env=asking_server.environment
    )

    def make(answer=None, **more):
        return Client(parameters, mode=mode, elicitation_callback=answer, **more)

    return make


async def run(client, command=questions.ASK, **more):
    return (await client.call_tool("execute_bash", {"command": command, **more})).structured_content


async def test_the_answer_reaches_the_server(connect, tmp_path):
    actions = ["accept", "decline", "cancel"]
    left = list(actions)

    async def answer(context, params):
        assert params.message.endswith("Which one?")
        assert params.requested_schema["properties"] == {"answer": {"type": "string"}}
        action = left.pop(0)
        return ElicitResult(action=action, content={"answer": "yes"} if action == "accept" else None)

    async with connect(answer) as client:
        for action in actions:
            result = await run(client)
            assert result["stdout"] == f"{action}: {'yes' if action == 'accept' else ''}\n", result
    assert questions.answers(tmp_path, "modern") == actions


async def test_an_error_of_the_client_is_no_answer(connect, tmp_path, mode):
    async def answer(context, params):
        return ErrorData(code=-32603, message="no screen")

    async with connect(answer) as client:
        if mode == "legacy":
            assert (await run(client))["stdout"] == "cancel: \n"
        else:  # this client gives up the call
            with pytest.raises(MCPError):
                await run(client)
    assert "accept" not in questions.answers(tmp_path, "modern")


async def test_without_a_callback_nobody_is_asked(connect, tmp_path):
    async with connect() as client:
        result = await run(client)
    assert "cannot be asked here" in result["stderr"], result
    assert questions.answers(tmp_path, "modern") == []


async def test_a_command_waits_for_its_answer_and_other_calls_do_not(connect, tmp_path):
    is_asked, may_answer = anyio.Event(), anyio.Event()

    async def answer(context, params):
        is_asked.set()
        await may_answer.wait()
        return ElicitResult(action="accept", content={"answer": "late"})

    results = {}

    async def ask(client):
        results["asked"] = await run(client)

    async with connect(answer) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(ask, client)
        await is_asked.wait()
        assert (await run(client, "echo meanwhile"))["stdout"] == "meanwhile\n"
        assert questions.answers(tmp_path, "modern") == []
        may_answer.set()
    assert results["asked"]["stdout"] == "accept: late\n"
    assert results["asked"]["exit_code"] == 0


async def test_two_commands_at_once_get_their_own_answers(connect):
    async def answer(context, params):
        return ElicitResult(action="accept", content={"answer": params.message.split()[-1]})

    results = {}

    async def ask(client, word):
        command = questions.ASK.replace("Which one?", f"Which {word}")
        results[word] = (await run(client, command))["stdout"]

    async with connect(answer) as client, anyio.create_task_group() as tasks:
        for word in ("apple", "pear", "plum"):
            tasks.start_soon(ask, client, word)
    assert results == {word: f"accept: {word}\n" for word in ("apple", "pear", "plum")}


async def test_one_command_may_ask_several_questions_at_once(connect):
    async def answer(context, params):
        return ElicitResult(action="accept", content={"answer": params.message.split()[-1]})

    program = "together(modern.ask, [{'question': f'Which {n}'} for n in range(4)])"
    command = f'python3 -c "from servers import modern, together; print({program})"'
    async with connect(answer) as client:
        result = await run(client, command)
    assert result["stdout"] == "['accept: 0', 'accept: 1', 'accept: 2', 'accept: 3']\n", result


async def test_a_client_that_gives_up_the_call_ends_the_command(connect):
    async def answer(context, params):
        scope.cancel()
        await anyio.sleep(60)

    async with connect(answer) as client:
        with anyio.CancelScope() as scope:
            await run(client, f"{questions.ASK}\necho never > never")
        assert scope.cancelled_caught
        assert (await run(client, "ls"))["stdout"] == ""


CLIENT = """
import anyio, sys
from mcp import Client, StdioServerParameters

async def answer(context, params):
    print("asked", flush=True)
    await anyio.sleep(600)

async def main():
    parameters = StdioServerParameters(command=sys.argv[2], args=sys.argv[3:])
    async with Client(parameters, mode=sys.argv[1], elicitation_callback=answer) as client:
        await client.call_tool("execute_bash", {"command": sys.stdin.read()})

anyio.run(main)
"""


async def test_a_killed_client_leaves_nothing_behind(user, tmp_path, mode):
    arguments = [mode, server_binary(), "--user", user, *questions.options(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    process.stdin.write(questions.ASK.encode())
    process.stdin.close()
    assert process.stdout.readline() == b"asked\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    engine.wait_until_gone(user)
    assert questions.answers(tmp_path, "modern") in ([], ["cancel"])


async def test_fastmcp_answers(asking_server, mode, tmp_path):
    async def accept(message, response_type, params, context):
        return {"answer": "yes"}

    async def decline(message, response_type, params, context):
        return FastElicitResult(action="decline")

    for handler, printed in ((accept, "accept: yes\n"), (decline, "decline: \n")):
        transport = StdioTransport(
            command=asking_server.command,
            args=asking_server.arguments,
            env=asking_server.environment,
            keep_alive=False,
        )
        async with FastClient(transport, mode=mode, elicitation_handler=handler) as client:
            result = await client.call_tool("execute_bash", {"command": questions.ASK})
        assert result.structured_content["stdout"] == printed, result
    assert questions.answers(tmp_path, "modern") == ["accept", "decline"]
