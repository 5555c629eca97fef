"""Whole conversations through the published `openai` package."""

from __future__ import annotations

import hashlib
import json
import secrets
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from support.agent import Service
from support.scripted import MODEL, bash, call, calls, says, script, text_of

Serve = Callable[..., Service]

PLOT = """\
import matplotlib
matplotlib.use("Agg")
import hashlib, matplotlib.pyplot as plt
plt.plot([1, 4, 9])
plt.savefig("/artifacts/squares.png")
print(hashlib.sha256(open("/artifacts/squares.png", "rb").read()).hexdigest())
"""


def create(service: Service, *messages: dict[str, object], **options: object) -> object:
    return service.client().chat.completions.create(model=MODEL, messages=messages, user=service.user, **options)


def user_says(text: str) -> dict[str, object]:
    return {"role": "user", "content": text}


def test_a_whole_answer(serve: Serve) -> None:
    service = serve(script(says("Good day.")))
    answer = create(service, user_says("Hello"))
    assert answer.object == "chat.completion" and answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content == "Good day."
    assert answer.usage and answer.usage.total_tokens > 0
    assert not answer.choices[0].message.tool_calls


def test_a_streamed_answer(serve: Serve) -> None:
    service = serve(script(calls(bash("echo seen")), says(["Good ", "day."])))
    chunks = list(create(service, user_says("Hello"), stream=True, stream_options={"include_usage": True}))
    assert len({chunk.id for chunk in chunks}) == 1
    assert all(chunk.object == "chat.completion.chunk" for chunk in chunks)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == "Good day."
    assert not any(delta.tool_calls for delta in deltas), "the tools are the agent's, not the client's"
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
    assert chunks[-1].usage and chunks[-1].usage.total_tokens > 0 and not chunks[-1].choices
    seen = [chunk.model_extra["exec_agent"] for chunk in chunks if (chunk.model_extra or {}).get("exec_agent")]
    assert "execute_bash" in json.dumps(seen), "who looks for it sees what the agent does"


def test_the_system_prompt_is_the_servers_own_then_the_clients(serve: Serve) -> None:
    service = serve(script(says("Yes.")))
    create(service, {"role": "system", "content": "Answer in French."}, user_says("Hello"))
    messages = service.model.bodies()[0]["messages"]
    prompt = text_of(messages[0])
    assert prompt.startswith("# Agentic Code Execution with Domain Skills") and prompt.endswith("Answer in French.")
    assert [message["role"] for message in messages] == ["system", "user"]


def test_write_run_and_read(serve: Serve) -> None:
    service = serve(
        script(
            calls(call("write_file", file_path="sum.py", content="open('sum.txt', 'w').write(str(sum(range(101))))")),
            calls(bash("python3 sum.py && echo ran")),
            calls(call("read_file", file_path="sum.txt")),
            says("The sum is {{result}}."),
        )
    )
    assert service.ask("Add up 1 to 100.") == "The sum is 5050."
    written, ran, read = service.model.results()
    assert written.startswith("Successfully wrote")
    assert json.loads(ran) == {"exit_code": 0, "stdout": "ran\n", "stderr": ""}
    assert read == "5050"
    names = {tool["function"]["name"] for tool in service.model.bodies()[0]["tools"]}
    assert names == {"execute_bash", "write_file", "read_file", "read_docstring"}


def test_the_history_that_a_client_sends_counts(serve: Serve) -> None:
    service = serve([[calls(bash("echo first")), says("One.")], [says("Two, after {{user}}")]])
    assert service.ask("first question") == "One."
    history = [user_says("first question"), {"role": "assistant", "content": "One."}, user_says("second question")]
    answer = create(service, *history)
    assert answer.choices[0].message.content == "Two, after second question"
    sent = [(message["role"], text_of(message)) for message in service.model.bodies()[-1]["messages"]]
    assert sent[1:] == [("user", "first question"), ("assistant", "One."), ("user", "second question")]


def test_a_new_message_alone_goes_on_with_the_session(serve: Serve) -> None:
    service = serve([[calls(bash("echo first")), says("One.")], [says("Two.")]])
    assert service.ask("first question") == "One."
    assert service.ask("second question") == "Two."
    roles = [message["role"] for message in service.model.bodies()[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    request = urllib.request.Request(f"{service.url}/v1/sessions/{service.user}", method="DELETE")
    assert urllib.request.urlopen(request, timeout=60).status in (200, 204)
    assert service.ask("third question") == "One."
    roles = [message["role"] for message in service.model.bodies()[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]


def test_users_do_not_meet(serve: Serve, passing_users: list[str]) -> None:
    service = serve(
        [
            [calls(bash("test -e secret && cat secret; echo '{{user}}' > secret")), says("Kept.")],
            [calls(bash("cat secret")), says("{{result}}")],
        ]
    )
    secret_of = {f"meeting-{secrets.token_hex(4)}": secrets.token_hex(8) for _ in range(3)}
    passing_users.extend(secret_of)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda user: service.ask(secret_of[user], user), secret_of)) == ["Kept."] * 3
        answers = list(pool.map(lambda user: service.ask("And?", user), secret_of))
    for (user, secret), answer in zip(secret_of.items(), answers):
        assert json.loads(answer)["stdout"] == f"{secret}\n", user
    for body in service.model.bodies():
        assert sum(secret in json.dumps(body) for secret in secret_of.values()) == 1, "one conversation, one user"


def test_a_plot_is_fetched_byte_for_byte(serve: Serve) -> None:
    service = serve(
        script(
            calls(call("write_file", file_path="plot.py", content=PLOT)),
            calls(bash("python3 plot.py", timeout=120)),
            says("{{result}}"),
        )
    )
    result = json.loads(service.ask("Plot the squares.").splitlines()[0])
    assert result["exit_code"] == 0, result
    with urllib.request.urlopen(f"{service.url}/{service.user}/artifacts", timeout=60) as listing:
        assert "squares.png" in listing.read().decode()
    with urllib.request.urlopen(f"{service.url}/{service.user}/artifacts/squares.png", timeout=60) as answer:
        picture = answer.read()
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert hashlib.sha256(picture).hexdigest() == result["stdout"].strip()


def test_a_picture_goes_back_to_the_model(serve: Serve) -> None:
    draw = "python3 -c \"from PIL import Image; Image.new('RGB', (4, 4), 'red').save('red.png')\""
    service = serve(script(calls(bash(draw)), calls(call("read_file", file_path="red.png")), says("Red.")))
    assert service.ask("Draw.") == "Red."
    last = service.model.bodies()[-1]["messages"][-1]
    assert last["role"] == "user"
    addresses = [part["image_url"]["url"] for part in last["content"] if part["type"] == "image_url"]
    assert len(addresses) == 1 and addresses[0].startswith("data:image/png;base64,iVBOR")


def test_a_model_that_takes_no_pictures_gets_words(serve: Serve) -> None:
    draw = "python3 -c \"from PIL import Image; Image.new('RGB', (4, 4), 'red').save('red.png')\""
    refusal = {"status": 400, "message": "scripted is not a multimodal model"}
    service = serve(
        script(calls(bash(draw)), calls(call("read_file", file_path="red.png")), says("Red.", failures=[refusal]))
    )
    assert service.ask("Draw.") == "Red."
    bodies = [json.dumps(body) for body in service.model.bodies()]
    assert ["data:image/png" in body for body in bodies] == [False, False, True, False]


def test_calls_of_one_turn_run_at_once(serve: Serve) -> None:
    # Each waits for the other: one after the other they would both fail.
    meet = "touch {0}; for i in $(seq 300); do test -e {1} && echo met && exit; sleep 0.1; done; exit 1"
    service = serve(
        script(
            calls(bash(meet.format("left", "right"), timeout=60), bash(meet.format("right", "left"), timeout=60)),
            says("Both."),
        )
    )
    assert service.ask("Meet.") == "Both."
    assert [json.loads(result)["stdout"] for result in service.model.results()] == ["met\n", "met\n"]


def test_parameters_reach_the_model(serve: Serve) -> None:
    service = serve(script(says("Cool.")))
    create(service, user_says("Hello"), temperature=0.25, seed=7)
    body = service.model.bodies()[0]
    assert body["temperature"] == 0.25 and body["seed"] == 7 and body["stream"] is True


def test_errors_are_those_that_the_package_knows(serve: Serve) -> None:
    service = serve(script(says("Never.")))
    with pytest.raises(openai.BadRequestError) as refused:
        create(service)
    assert refused.value.type == "invalid_request_error" and refused.value.param == "messages"
    with pytest.raises(openai.BadRequestError):
        create(service, {"role": "stranger", "content": "Hello"})
    with pytest.raises(openai.APIStatusError, match="POST /v1/chat/completions") as other:
        service.client().embeddings.create(model=MODEL, input="Hello")
    assert other.value.status_code == 405 and other.value.code == "unknown_url"
    with pytest.raises(openai.NotFoundError):
        service.client().get("/nothing", cast_to=object)
    assert not service.model.requests()


def test_models_are_listed(serve: Serve) -> None:
    service = serve(script(says("Never.")))
    models = [model.id for model in service.client().models.list()]
    assert models and all(service.client().models.retrieve(model).id == model for model in models)
    with pytest.raises(openai.NotFoundError):
        service.client().models.retrieve("no-such-model")
