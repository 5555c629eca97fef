"""AutoGen's agent: a command that makes artifacts is a result with its output, and the agent goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from autogen_ext.tools.mcp import McpWorkbench, StdioServerParams
from support.scripted import MODEL

from .conftest import Trial

pytestmark = pytest.mark.anyio

ABILITIES = {
    "vision": False,
    "function_calling": True,
    "json_output": False,
    "structured_output": False,
    "family": "unknown",
}


async def test_a_workbench(trial: Callable[..., Trial]) -> None:
    started = trial()
    model = OpenAIChatCompletionClient(
        model=MODEL, base_url=started.url, api_key="unused", model_info=ABILITIES, max_retries=0
    )
    parameters = StdioServerParams(
        command=started.server.command,
        args=started.server.arguments,
        env=started.server.environment,
        read_timeout_seconds=120,
    )
    async with McpWorkbench(parameters) as workbench:
        agent = AssistantAgent("coder", model_client=model, workbench=workbench, max_tool_iterations=5)
        answers = []
        for text in ("Make files.", "And again."):
            answers.append((await agent.run(task=text)).messages[-1].to_text())
    await model.close()
    started.check(answers)
