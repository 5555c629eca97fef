"""Whole conversations through LangChain's client of the API."""

from __future__ import annotations

import json
from collections.abc import Callable

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from support.agent import Service
from support.scripted import MODEL, bash, calls, says, script, text_of

Serve = Callable[..., Service]


def client(service: Service, **options: object) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL,
        base_url=f"{service.url}/v1",
        api_key="unused",
        max_retries=0,
        model_kwargs={"user": service.user},
        **options,
    )


def test_several_turns(serve: Serve) -> None:
    service = serve([[calls(bash("echo $((6 * 7))")), says("{{result}}")], [says("You asked: {{user}}")]])
    chat = client(service)
    messages = [SystemMessage("Be brief."), HumanMessage("What is 6 times 7?")]
    first = chat.invoke(messages)
    assert isinstance(first, AIMessage) and json.loads(first.content)["stdout"] == "42\n"
    assert first.response_metadata["finish_reason"] == "stop"
    assert first.usage_metadata and first.usage_metadata["total_tokens"] > 0
    second = chat.invoke([*messages, first, HumanMessage("And why?")])
    assert second.content == "You asked: And why?"
    prompt, *sent = [text_of(message) for message in service.model.bodies()[-1]["messages"]]
    assert prompt.endswith("Be brief.")
    assert sent == ["What is 6 times 7?", first.content, "And why?"]


def test_a_stream(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says(["Of ", "course."])))
    chunks = list(client(service, stream_usage=True).stream("Well?"))
    assert all(isinstance(chunk, AIMessageChunk) for chunk in chunks)
    assert "".join(chunk.content for chunk in chunks) == "Of course."
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.response_metadata["finish_reason"] == "stop"
    assert total.usage_metadata and total.usage_metadata["total_tokens"] > 0
    assert not total.tool_calls


def test_several_at_once(serve: Serve) -> None:
    service = serve(script(says("Heard: {{user}}")))
    history = [HumanMessage("Remember."), AIMessage("Yes.")]
    answers = client(service).batch([[*history, HumanMessage(word)] for word in ("one", "two", "three")])
    assert [answer.content for answer in answers] == ["Heard: one", "Heard: two", "Heard: three"]
