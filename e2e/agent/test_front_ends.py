"""What front ends and frameworks send to `exec-agent serve` at their defaults."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import openai
import pytest
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from support import engine
from support.agent import Service, hashed_user
from support.scripted import MODEL, bash, calls, says, script, text_of

Serve = Callable[..., Service]

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def say(service: Service, text: str, **options: Any) -> str:
    """The answer to one message by itself."""
    messages = [{"role": "user", "content": text}]
    answer = service.client().chat.completions.create(model=MODEL, messages=messages, **options)
    return answer.choices[0].message.content or ""


def person(user: str, chat: str | None = None) -> dict[str, str]:
    return {"X-OpenWebUI-User-Id": user} | ({"X-OpenWebUI-Chat-Id": chat} if chat else {})


def asked(service: Service) -> list[list[str]]:
    """What was said in each request to the model, without the system prompt."""
    return [
        [text_of(message) for message in body["messages"] if message["role"] != "system"]
        for body in service.model.bodies()
    ]


def get(service: Service, path: str) -> bytes:
    with urllib.request.urlopen(f"{service.url}{path}", timeout=60) as answer:
        return answer.read()


def stdout(result: str) -> str:
    """What a command printed, of its result as the model sees it."""
    return json.loads(result.splitlines()[0])["stdout"]


def test_offered_tools_are_passed_over(serve: Serve) -> None:
    service = serve(script(says("Without them.")))

    @tool
    def weather(city: str) -> str:
        """The weather in a city."""
        raise AssertionError("the agent calls no tools of its client")

    chat = ChatOpenAI(model=MODEL, base_url=f"{service.url}/v1", api_key="unused", max_retries=0)
    assert chat.bind_tools([weather]).invoke("Hello").content == "Without them."
    assert say(service, "Hello", tools=[WEATHER], tool_choice="auto", parallel_tool_calls=False) == "Without them."
    assert say(service, "Hello", functions=[WEATHER["function"]], function_call="none") == "Without them."
    for body in service.model.bodies():
        assert "weather" not in json.dumps(body)
        assert {offered["function"]["name"] for offered in body["tools"]} >= {"execute_bash"}
    assert service.wait_for_log("is ignored: the agent", count=2).count("is ignored: the agent") == 2, "once a member"


class Book(BaseModel):
    """A book that was found."""

    title: str
    year: int


BOOK = {"name": "Book", "description": "A book that was found.", "parameters": Book.model_json_schema()}
FOUND = '{"title": "Emma", "year": 1815}'
NAMED = {"type": "function", "function": {"name": "Book"}}


@pytest.mark.parametrize(
    "choice", [{"type": "function", "function": {"name": "weather"}}, {"type": "custom", "custom": {"name": "Book"}}]
)
def test_a_demand_that_no_function_meets_is_refused_in_words(serve: Serve, choice: object) -> None:
    service = serve(script(says("Never.")))
    with pytest.raises(openai.BadRequestError, match="calls its own tools, not the client's"):
        say(service, "Hello", tools=[{"type": "function", "function": BOOK}], tool_choice=choice)
    assert not service.model.requests()


@pytest.mark.parametrize("text", [FOUND, f"Here it is:\n```json\n{FOUND}\n```\nIt is by {{Austen}}."])
@pytest.mark.parametrize(("choice", "reason"), [(NAMED, "stop"), ("required", "tool_calls")])
def test_a_demanded_call_is_made_of_the_answer(serve: Serve, text: str, choice: Any, reason: str) -> None:
    service = serve(script(calls(bash("echo 1815 | tee /artifacts/year")), says(text)))
    request: dict[str, Any] = {
        "model": MODEL, "messages": [{"role": "user", "content": "When?"}], "user": service.user,
        "tools": [{"type": "function", "function": BOOK}], "tool_choice": choice,
    }  # fmt: skip
    whole = service.client().chat.completions.create(**request).choices[0]
    assert whole.message.content is None and whole.finish_reason == reason
    with service.client().chat.completions.stream(**request) as stream:
        reasoning = [
            choice.delta.model_extra.get("reasoning_content") or ""
            for event in stream
            if event.type == "chunk"
            for choice in event.chunk.choices
        ]
        streamed = stream.get_final_completion().choices[0]
    assert "execute_bash: echo 1815" in "".join(reasoning)
    assert streamed.message.content is None and streamed.finish_reason == reason
    for answer in (whole, streamed):
        [call] = answer.message.tool_calls or []
        assert call.id and call.type == "function" and call.function.name == "Book"
        assert json.loads(call.function.arguments) == json.loads(FOUND)
    for body in service.model.bodies():
        assert "A book that was found." in text_of(body["messages"][0])
        assert "Book" not in {offered["function"]["name"] for offered in body["tools"]}
        assert "response_format" not in body


def test_an_answer_that_is_no_call_is_asked_for_once_more(serve: Serve) -> None:
    service = serve([[says("Emma, of 1815.")], [says(FOUND)]])
    book = {"model": MODEL, "messages": [{"role": "user", "content": "Which?"}], "functions": [BOOK]}
    create = service.client().chat.completions.create
    answer = create(**book, function_call={"name": "Book"}).choices[0]
    assert answer.message.function_call and answer.message.function_call.name == "Book"
    assert json.loads(answer.message.function_call.arguments) == json.loads(FOUND)
    assert answer.message.content is None and answer.finish_reason == "stop" and not answer.message.tool_calls
    first, second = service.model.bodies()
    assert "response_format" not in first and second["response_format"]["json_schema"]["schema"] == BOOK["parameters"]
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert "no JSON object" in text_of(second["messages"][-1])


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_stays_no_call_is_an_error(serve: Serve, stream: bool) -> None:
    service = serve([[says("Emma.")], [says("Emma!")]])
    with pytest.raises(openai.APIError, match="required call of the function 'Book' is missing") as error:
        answer = service.client().chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Which?"}], stream=stream,
            tools=[{"type": "function", "function": BOOK}], tool_choice=NAMED,
        )  # fmt: skip
        list(answer)
    assert error.value.code == "no_function_call"
    assert len(service.model.requests()) == 2


def test_typed_answers_of_langchain(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says(FOUND)))
    chat = ChatOpenAI(model=MODEL, base_url=f"{service.url}/v1", api_key="unused", max_retries=0)
    typed = chat.with_structured_output(Book, method="function_calling")
    assert typed.invoke("Which?") == Book(title="Emma", year=1815)
    assert list(typed.stream("Which?"))[-1] == Book(title="Emma", year=1815)


def test_requests_without_a_user_know_nothing_of_one_another(serve: Serve) -> None:
    service = serve(script(says("Heard: {{user}}")))
    messages = [{"role": "system", "content": "Speak French."}, {"role": "user", "content": "my secret"}]
    service.client().chat.completions.create(model=MODEL, messages=messages)
    assert say(service, "a new chat") == "Heard: a new chat"
    assert say(service, "a third", user="") == "Heard: a third"
    assert asked(service) == [["my secret"], ["a new chat"], ["a third"]]
    assert "French" not in json.dumps(service.model.bodies()[1:])


def test_files_of_requests_without_a_user_stay(serve: Serve) -> None:
    service = serve(script(calls(bash("echo {{user}} >> kept; cat kept; cp kept /artifacts")), says("{{result}}")))
    assert stdout(say(service, "one")) == "one\n"
    assert stdout(say(service, "two")) == "one\ntwo\n"
    assert get(service, "/default/artifacts/kept") == b"one\ntwo\n"


def test_chats_and_people_behind_one_key_do_not_meet(serve: Serve, passing_users: list[str], user: str) -> None:
    service = serve(script(says("Heard.")))
    ann, bob = f"{user}-ann", f"{user}-bob"
    passing_users.extend([ann, bob])
    for headers in (person(ann, "1"), person(ann, "2"), person(bob, "1"), person(ann), person(ann)):
        assert say(service, f"secret of {headers}", extra_headers=headers) == "Heard."
    assert all(len(texts) == 1 for texts in asked(service))


def test_a_chat_is_what_the_front_end_sends_of_it(serve: Serve, passing_users: list[str], user: str) -> None:
    service = serve(script(says("Re: {{user}}")))
    passing_users.append(user)

    def chat(*texts: str) -> None:
        roles = ["user", "assistant"]
        messages = [{"role": roles[place % 2], "content": text} for place, text in enumerate(texts)]
        create = service.client().chat.completions.create
        create(model=MODEL, messages=messages, extra_headers=person(user, "1"))
        assert asked(service)[-1] == list(texts)

    chat("one")
    chat("one", "Re: one", "two")
    # The last one is asked again, then changed; then the first one is.
    chat("one", "Re: one", "two")
    chat("one", "Re: one", "TWO")
    chat("ONE")
    chat("ONE")
    chat("ONE", "Re: ONE", "three")


def test_people_have_their_own_files(serve: Serve, passing_users: list[str], user: str) -> None:
    service = serve(
        script(calls(bash("cat mine 2>/dev/null; echo '{{user}}' | tee mine > /artifacts/mine")), says("{{result}}"))
    )
    names = [f"{user}@example.com", f"auth0|{user}", f"{user}/x", f"{user} "]
    passing_users.extend(map(hashed_user, names))
    for name in names:
        assert stdout(say(service, name, user=name)) == "", name
    assert stdout(say(service, "a header", extra_headers=person(names[0]))) == f"{names[0]}\n"
    for name in names[1:]:
        listed = json.loads(get(service, f"/{urllib.parse.quote(name, safe='')}/artifacts"))
        assert get(service, listed["data"][0]["path"]).decode() == f"{name}\n"


def test_usage_is_there_though_the_model_says_none(serve: Serve) -> None:
    service = serve(script(says("Free.", usage=None)))
    messages = [{"role": "user", "content": "Hello"}]
    create = service.client().chat.completions.create
    assert create(model=MODEL, messages=messages).usage.model_dump()["total_tokens"] == 0
    chunks = list(create(model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage and chunks[-1].usage.total_tokens == 0 and not chunks[-1].choices


def test_what_runs_is_shown_as_reasoning(serve: Serve) -> None:
    service = serve(script(calls(bash("echo seen\ntrue")), calls(bash("exit 3")), says("Done.")))
    messages = [{"role": "user", "content": "Go."}]
    chunks = service.client().chat.completions.create(model=MODEL, messages=messages, user=service.user, stream=True)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    shown = "".join(delta.model_extra.get("reasoning_content") or "" for delta in deltas).splitlines()
    assert shown[0] == "execute_bash: echo seen …" and shown[2] == "execute_bash: exit 3"
    assert shown[1].startswith("execute_bash: exit 0 in ") and shown[3].startswith("execute_bash: exit 3 in ")
    assert "".join(delta.content or "" for delta in deltas) == "Done."


def test_small_liberties(serve: Serve) -> None:
    service = serve(script(says("Fine.")))
    body = {
        "model": MODEL, "user": "", "max_tokens": -1, "temperature": "0.25", "top_logprobs": 0, "functions": [],
        "n": "1",
        "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": None},
            {"role": "user", "content": "Hello?"},
        ],
    }  # fmt: skip
    for path in ("/v1/chat/completions", "//v1/chat/completions", "/v1/chat/completions/", "/chat/completions"):
        request = urllib.request.Request(
            f"{service.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["choices"][0]["message"]["content"] == "Fine."
    sent = service.model.bodies()[0]
    assert sent["temperature"] == 0.25 and not {"max_tokens", "top_logprobs", "functions", "n"} & set(sent)


@pytest.mark.parametrize(
    "rest",
    [
        [{"role": "assistant", "content": "One, two,"}],
        [{"role": "assistant", "content": "One,"}, {"role": "assistant", "content": "two,"}],
        [{"role": "assistant", "content": "One, two,"}, {"role": "system", "content": "Be brief."}],
    ],
)
@pytest.mark.parametrize("user", ["", "continuing"])
def test_an_answer_is_continued(serve: Serve, rest: list[dict[str, str]], user: str) -> None:
    """As front ends ask for the rest of one: with the conversation up to it."""
    service = serve(script(says("Never.")) + script(says("three.")))
    messages = [{"role": "user", "content": "Count to three."}, *rest]
    answer = service.client().chat.completions.create(model=MODEL, messages=messages, user=user)
    assert answer.choices[0].message.content == "three."
    sent = [message for message in service.model.bodies()[-1]["messages"] if message["role"] != "system"]
    assert sent[:-1] == [messages[0], *(message for message in rest if message["role"] != "system")]
    assert sent[-1]["role"] == "user" and "last answer stopped" in sent[-1]["content"]


def test_a_tool_result_is_worked_on(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says("It is {{result}}.")))
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "How is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]
    answer = service.client().chat.completions.create(model=MODEL, messages=messages)
    assert answer.choices[0].message.content == "It is sunny."


def test_health_tells_what_clients_look_for(serve: Serve) -> None:
    service = serve(script(says("Never.")))

    def health() -> dict[str, Any]:
        return json.loads(get(service, "/health"))

    # Without any request: the tool servers are started with the service.
    assert engine.poll(lambda: health()["mcp_server_connected"])
    answer = health()
    assert answer["status"] == "healthy" and answer["service"] == "agent-api" and answer["timestamp"].endswith("Z")
    assert [server["state"] for server in answer["servers"]] == ["running"]


def test_health_is_degraded_without_tool_servers(serve: Serve) -> None:
    service = serve(script(says("Never.")), MCP_SERVER_COMMAND="/nonexistent/server")

    def health() -> dict[str, Any]:
        try:
            return json.loads(get(service, "/health"))
        except urllib.error.HTTPError as answer:
            assert answer.code == 503
            return json.load(answer)

    assert engine.poll(lambda: health()["status"] == "degraded")
    assert health()["mcp_server_connected"] is False


def test_nothing_is_remembered_where_that_is_turned_off(serve: Serve) -> None:
    service = serve(script(says("Heard.")), "--session-timeout", "0")
    for _ in range(2):
        assert say(service, "Hello", user=service.user) == "Heard."
    assert asked(service) == [["Hello"], ["Hello"]]


def test_other_apis_than_chats_are_no_missing_address(serve: Serve) -> None:
    """LiteLLM's router sends no more chats to a deployment that has answered one of them with 404."""
    service = serve(script(says("Hello.")))
    client = service.client()
    with pytest.raises(openai.APIStatusError) as refusal:
        client.embeddings.create(model=MODEL, input="hi")
    assert refusal.value.status_code == 405 and "/v1/chat/completions" in str(refusal.value)
    assert say(service, "Hello", user=service.user) == "Hello."


def raw(service: Service, request: str) -> str:
    """The whole answer to a request of a client that has nothing more to send."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received.decode()


def test_a_health_check_of_http_1_0_needs_no_host(serve: Serve) -> None:
    service = serve(script(says("Never.")))
    assert engine.poll(lambda: raw(service, "GET /health HTTP/1.0\r\n\r\n").startswith("HTTP/1.1 200"))
    assert " 403 " in raw(service, "GET /health HTTP/1.0\r\nHost: evil.example\r\n\r\n")
    assert " 403 " in raw(service, "GET /v1/models HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_client_that_has_sent_all_gets_its_answer(serve: Serve, version: str, stream: bool) -> None:
    service = serve(script(calls(bash("sleep 0.3; echo a")), says("Hello.")))
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "user": service.user, "stream": stream})
    host = f"Host: 127.0.0.1:{service.port}\r\n"
    answer = raw(
        service,
        f"POST /v1/chat/completions HTTP/{version}\r\n{host}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}",
    )
    assert "HTTP/1.1 200 OK" in answer and "Hello." in answer, answer


def test_the_models_own_members_in_a_clients_history_go_back_to_it(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says("It is sunny.")))
    signature = {"google": {"thought_signature": "SIG"}}
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
        "extra_content": signature,
    }
    messages = [
        {"role": "user", "content": "How is it?"},
        {"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]
    service.client().chat.completions.create(model=MODEL, messages=messages)
    sent = next(message for message in service.model.bodies()[-1]["messages"] if message["role"] == "assistant")
    assert sent["reasoning_content"] == "hm" and sent["tool_calls"][0]["extra_content"] == signature


@pytest.mark.parametrize("options", [{"tool_choice": "AUTO"}, {"stream": "no"}, {"seed": 2**64}, {"seed": "7.0"}])
def test_more_small_liberties(serve: Serve, options: dict[str, Any]) -> None:
    service = serve(script(says("Hello.")))
    assert say(service, "Hello", user=service.user, extra_body=options) == "Hello."
