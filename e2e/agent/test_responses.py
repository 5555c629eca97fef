"""The Responses API and the older Completions API, through the published clients: `openai` and LangChain."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_openai import ChatOpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter
from support import engine
from support.agent import Service, wait_until_it_has_ended, wait_until_it_runs
from support.scripted import MODEL, bash, calls, says, script, text_of

Serve = Callable[..., Service]

# The client itself accepts anything; its types say what the API is.
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


class City(BaseModel):
    name: str


def create(service: Service, text: object, **options: Any) -> Any:
    return service.client().responses.create(model=MODEL, input=text, user=service.user, **options)


def is_valid(response: Any) -> bool:
    return bool(Response.model_validate(json.loads(response.to_json()), strict=False))


def told(service: Service) -> list[tuple[str, str]]:
    """The last request to the model, without the prompt of exec-mcp."""
    return [(message["role"], text_of(message)) for message in service.model.bodies()[-1]["messages"]][1:]


def test_a_whole_response(serve: Serve) -> None:
    service = serve(script(calls(bash("echo $((6 * 7))")), says("It is 42.")))
    response = create(service, "What is 6 times 7?", instructions="Be brief.")
    assert response.status == "completed" and response.output_text == "It is 42." and is_valid(response)
    call, message = response.output
    assert call.type == "mcp_call" and call.name == "execute_bash" and call.server_label == "exec-mcp"
    assert json.loads(call.arguments) == {"command": "echo $((6 * 7))"} and "42" in call.output
    assert message.type == "message" and message.status == "completed"
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    prompt = text_of(service.model.bodies()[0]["messages"][0])
    assert prompt.endswith("Be brief.")


def test_a_stream_has_the_published_events_in_order(serve: Serve) -> None:
    service = serve(script(says("First a look.", tool_calls=[bash("echo seen; exit 3")]), says(["Of ", "course."])))
    events = list(create(service, "Well?", stream=True))
    for event in events:
        EVENT.validate_python(json.loads(event.to_json()))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    types = [event.type.removeprefix("response.") for event in events]
    assert types[:2] == ["created", "in_progress"] and types[-1] == "completed"
    text = ["output_item.added", "content_part.added", "output_text.delta"]
    end = ["output_text.done", "content_part.done", "output_item.done"]
    call = [f"mcp_call{step}" for step in (".in_progress", "_arguments.delta", "_arguments.done", ".completed")]
    steps = [kind for place, kind in enumerate(types[2:-1]) if kind != "output_text.delta" or types[place + 1] != kind]
    assert steps == [*text, *end, "output_item.added", *call, "output_item.done", *text, *end]
    final = events[-1].response
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert deltas == final.output_text and deltas.startswith("First a look.") and deltas.endswith("Of course.")
    assert [item.type for item in final.output] == ["message", "mcp_call", "message"] and is_valid(final)


def test_the_clients_own_stream_helper_follows(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says(["Of ", "course."])))
    with service.client().responses.stream(model=MODEL, input="Well?", user=service.user) as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == "Of course."


def test_a_response_goes_on_from_another(serve: Serve) -> None:
    service = serve([[calls(bash("echo kept > note")), says("One.")], [calls(bash("cat note")), says("{{result}}")]])
    first = create(service, "first question", instructions="Only now.")
    # The sandbox is the first one's, without a word of whose it is.
    second = service.client().responses.create(model=MODEL, input="second question", previous_response_id=first.id)
    assert json.loads(second.output_text)["stdout"] == "kept\n" and second.previous_response_id == first.id
    assert [role for role, _ in told(service)] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
        "tool",
    ]
    assert "Only now." not in text_of(service.model.bodies()[-1]["messages"][0])
    assert service.client().responses.retrieve(second.id).output_text == second.output_text
    items = service.client().responses.input_items.list(second.id)
    assert [item.content[0].text for item in items] == ["second question"]
    service.client().responses.delete(first.id)
    with pytest.raises(openai.NotFoundError) as gone:
        create(service, "third question", previous_response_id=first.id)
    assert gone.value.code == "previous_response_not_found"


def test_a_user_sees_nothing_of_another(serve: Serve) -> None:
    service = serve(script(says("Kept.")))
    response = create(service, "Keep this.")
    other = f"other-{secrets.token_hex(4)}"
    client = service.client()
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model=MODEL, input="And?", user=other, previous_response_id=response.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id, extra_headers={"X-OpenWebUI-User-Id": other})
    assert len(service.model.bodies()) == 1


def test_items_of_a_conversation(serve: Serve) -> None:
    service = serve(script(says("You asked: {{user}}")))
    first = create(service, "one", store=False)
    with pytest.raises(openai.NotFoundError):
        service.client().responses.retrieve(first.id)
    history = [{"role": "user", "content": "one"}, *[item.to_dict() for item in first.output]]
    second = create(service, [*history, {"role": "user", "content": "two"}])
    assert second.output_text == "You asked: two"
    assert told(service) == [("user", "one"), ("assistant", "You asked: one"), ("user", "two")]


def test_a_typed_answer(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says('{"name": "Rome"}')))
    parsed = service.client().responses.parse(model=MODEL, input="Where?", text_format=City, user=service.user)
    assert parsed.output_parsed == City(name="Rome")
    assert service.model.bodies()[0]["response_format"]["json_schema"]["name"] == "City"


def test_a_forced_call_and_its_result(serve: Serve) -> None:
    service = serve(script(says('{"city": "Rome"}'), says("It is sunny.")))
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"type": "function", "name": "weather", "parameters": schema, "strict": None}
    first = create(service, "What is the weather?", tools=[tool], tool_choice={"type": "function", "name": "weather"})
    call = first.output[0]
    assert call.type == "function_call" and json.loads(call.arguments) == {"city": "Rome"} and is_valid(first)
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "30 degrees"}
    second = create(service, [result], previous_response_id=first.id)
    assert second.output_text == "It is sunny."
    assert ("tool", "30 degrees") in told(service)


def test_a_response_in_the_background(serve: Serve) -> None:
    service = serve(script(calls(bash("mkfifo door && cat door")), says("Done: {{result}}")))
    client = service.client()
    started = create(service, "Wait for it.", background=True)
    assert started.status in ("queued", "in_progress") and started.background
    wait_until_it_runs("cat door", service.user)
    assert client.responses.retrieve(started.id).status == "in_progress"
    events = []
    for event in client.responses.retrieve(started.id, stream=True):
        events.append(event)
        if event.type == "response.mcp_call.in_progress":
            break
    # The watcher is gone, the run is not: another one lets it go on.
    engine.run("exec", engine.containers(service.user)[0], "sh", "-c", "echo gone > /workspace/door")
    last = events[-1].sequence_number
    rest = list(client.responses.retrieve(started.id, stream=True, starting_after=last))
    assert [event.sequence_number for event in rest] == list(range(last + 1, last + 1 + len(rest)))
    assert rest[-1].type == "response.completed"
    ended = client.responses.retrieve(started.id)
    assert ended.status == "completed" and "gone" in ended.output_text and is_valid(ended)


def test_a_response_is_cancelled_with_its_commands(serve: Serve) -> None:
    service = serve(script(calls(bash("sleep 611")), says("Never.")))
    started = create(service, "Wait.", background=True)
    wait_until_it_runs("sleep 611", service.user)
    cancelled = service.client().responses.cancel(started.id)
    assert cancelled.status == "cancelled" and is_valid(cancelled)
    wait_until_it_has_ended("sleep 611", service.user)
    assert service.client().responses.retrieve(started.id).status == "cancelled"


def test_a_client_that_goes_ends_a_run_in_the_foreground(serve: Serve) -> None:
    service = serve(script(calls(bash("sleep 612")), says("Never.")))
    stream = create(service, "Wait.", stream=True)
    for event in stream:
        if event.type == "response.mcp_call.in_progress":
            break
    wait_until_it_runs("sleep 612", service.user)
    stream.close()
    wait_until_it_has_ended("sleep 612", service.user)


def test_errors_are_those_that_the_package_knows(serve: Serve) -> None:
    service = serve(script(says("Never.")))
    for options, param in [
        ({"background": True, "store": False}, "background"),
        ({"temperature": "hot"}, "temperature"),
    ]:
        with pytest.raises(openai.BadRequestError) as refused:
            create(service, "Hello", **options)
        assert refused.value.type == "invalid_request_error" and refused.value.param == param
    with pytest.raises(openai.NotFoundError):
        service.client().responses.retrieve("resp_none")
    assert not service.model.requests()


def test_the_older_completions(serve: Serve) -> None:
    service = serve(script(says(["Two ", "lines."])))
    client = service.client()
    whole = client.completions.create(model=MODEL, prompt="Write.", user=service.user)
    assert whole.object == "text_completion" and whole.choices[0].text == "Two lines."
    assert whole.choices[0].finish_reason == "stop" and whole.usage.total_tokens > 0
    chunks = list(client.completions.create(model=MODEL, prompt="Write.", user=service.user, stream=True))
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == "Two lines."


def langchain(service: Service, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL,
        base_url=f"{service.url}/v1",
        api_key="unused",
        max_retries=0,
        use_responses_api=True,
        model_kwargs={"user": service.user},
        **options,
    )


def test_langchain_in_its_responses_mode(serve: Serve) -> None:
    service = serve([[calls(bash("echo $((6 * 7))")), says("It is 42.")], [says("You asked: {{user}}")]])
    chat = langchain(service)
    first = chat.invoke([HumanMessage("What is 6 times 7?")])
    assert isinstance(first, AIMessage) and first.text == "It is 42." and not first.tool_calls
    assert first.usage_metadata and first.usage_metadata["total_tokens"] > 0
    second = chat.invoke([HumanMessage("What is 6 times 7?"), first, HumanMessage("And why?")])
    assert second.text == "You asked: And why?"
    assert [text for role, text in told(service) if role == "assistant"] == ["It is 42."]


def test_langchain_streams_and_goes_on_from_a_response(serve: Serve) -> None:
    service = serve([[calls(bash("true")), says(["Of ", "course."])], [says("Again.")]])
    chat = langchain(service, use_previous_response_id=True)
    total: AIMessageChunk | None = None
    for chunk in chat.stream("Well?"):
        total = chunk if total is None else total + chunk
    assert total is not None and total.text == "Of course." and total.usage_metadata
    answer = chat.invoke([HumanMessage("Well?"), total, HumanMessage("Once more?")])
    assert answer.text == "Again."
    assert [role for role, _ in told(service)] == ["user", "assistant", "tool", "assistant", "user"]


def test_langchain_gets_typed_answers(serve: Serve) -> None:
    service = serve(script(says('{"name": "Rome"}')))
    for method in ("json_schema", "function_calling"):
        assert langchain(service).with_structured_output(City, method=method).invoke("Where?") == City(name="Rome")
