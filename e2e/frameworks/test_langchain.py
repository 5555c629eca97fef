"""LangChain's agent: artifacts do not end it, with a server for each call and with one for the conversation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langchain_openai import ChatOpenAI
from support.scripted import MODEL

from .conftest import Trial

pytestmark = pytest.mark.anyio


def client(trial: Trial) -> MultiServerMCPClient:
    return MultiServerMCPClient(
        {
            "exec": {
                "transport": "stdio",
                "command": trial.server.command,
                "args": trial.server.arguments,
                "env": trial.server.environment,
            }
        }
    )


async def converse(trial: Trial, tools: list) -> list[str]:
    model = ChatOpenAI(model=MODEL, base_url=trial.url, api_key="unused", max_retries=0)
    agent = create_agent(model, tools)
    messages: list = []
    answers = []
    for text in ("Make files.", "And again."):
        messages = (await agent.ainvoke({"messages": [*messages, ("user", text)]}))["messages"]
        answers.append(messages[-1].text)
    return answers


async def test_a_server_for_each_call(trial: Callable[..., Trial]) -> None:
    started = trial()
    started.check(await converse(started, await client(started).get_tools()))


async def test_a_server_for_the_conversation(trial: Callable[..., Trial]) -> None:
    started = trial()
    async with client(started).session("exec") as session:
        started.check(await converse(started, await load_mcp_tools(session)))
    assert started.server.requests("initialize") == 1
