"""Semantic Kernel's agent: a command that makes artifacts is a result with its output, and the agent goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from openai import AsyncOpenAI
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.connectors.mcp import MCPStdioPlugin
from support.scripted import MODEL

from .conftest import Trial

pytestmark = pytest.mark.anyio


async def test_a_plugin(trial: Callable[..., Trial]) -> None:
    started = trial(prefix="exec-")
    model = AsyncOpenAI(base_url=started.url, api_key="unused", max_retries=0)
    service = OpenAIChatCompletion(ai_model_id=MODEL, async_client=model)
    plugin = MCPStdioPlugin(
        name="exec",
        command=started.server.command,
        args=started.server.arguments,
        env=started.server.environment,
        load_prompts=False,
    )
    async with plugin:
        agent = ChatCompletionAgent(service=service, name="coder", plugins=[plugin])
        answers, thread = [], None
        for text in ("Make files.", "And again."):
            response = await agent.get_response(messages=text, thread=thread)
            thread = response.thread
            answers.append(str(response))
    await model.close()
    started.check(answers)
