"""The OpenAI Agents SDK as a client of `exec-agent serve`, at its default: the Responses API."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from openai.types.responses import ResponseTextDeltaEvent
from pydantic import BaseModel
from support.agent import Service
from support.scripted import MODEL, ScriptedModel, bash, calls, says

pytestmark = pytest.mark.anyio

Serve = Callable[..., Service]


class City(BaseModel):
    name: str


@pytest.fixture
def serve(fresh_user: str, tmp_path: Path) -> Iterator[Serve]:
    """Starts a service on top of a model that plays a conversation."""
    services: list[Service] = []

    def start(conversation: list[list[dict[str, object]]]) -> Service:
        services.append(Service(ScriptedModel(tmp_path, conversation), fresh_user))
        return services[-1]

    yield start
    for service in services:
        service.close()
        service.model.close()


@function_tool
def ignored(word: str) -> str:
    """A tool of the client, which the agent behind the API never calls."""
    raise AssertionError(word)


@contextlib.asynccontextmanager
async def agent(service: Service, **options: object) -> AsyncIterator[Agent]:
    set_tracing_disabled(True)
    async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key="unused", max_retries=0) as client:
        yield Agent(
            name="tester",
            instructions="Be brief.",
            model=OpenAIResponsesModel(model=MODEL, openai_client=client),
            model_settings=ModelSettings(extra_args={"user": service.user}),
            **options,
        )


async def test_runs_and_goes_on(serve: Serve) -> None:
    service = serve([[calls(bash("echo $((6 * 7))")), says("It is 42.")], [says("You asked: {{user}}")]])
    async with agent(service, tools=[ignored]) as tester:
        first = await Runner.run(tester, "What is 6 times 7?")
        assert first.final_output == "It is 42."
        assert first.context_wrapper.usage.total_tokens > 0
        again = await Runner.run(tester, [*first.to_input_list(), {"role": "user", "content": "And why?"}])
        assert again.final_output == "You asked: And why?"
        sent = [message["role"] for message in service.model.bodies()[-1]["messages"]]
        assert sent == ["system", "user", "assistant", "user"]
        last = await Runner.run(tester, "And then?", previous_response_id=first.last_response_id)
        assert last.final_output == "You asked: And then?"


async def test_streams(serve: Serve) -> None:
    service = serve([[calls(bash("true")), says(["Of ", "course."])]])
    pieces = []
    async with agent(service) as tester:
        run = Runner.run_streamed(tester, "Well?")
        async for event in run.stream_events():
            if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
                pieces.append(event.data.delta)
    assert "".join(pieces) == "Of course." == run.final_output


async def test_typed_answers(serve: Serve) -> None:
    service = serve([[calls(bash("true")), says(json.dumps({"name": "Rome"}))]])
    async with agent(service, output_type=City) as tester:
        result = await Runner.run(tester, "Where?")
    assert result.final_output == City(name="Rome")
