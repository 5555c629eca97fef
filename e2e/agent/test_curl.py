"""The API with curl, as a person would try it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.agent import Service
from support.scripted import MODEL, bash, calls, says, script

Serve = Callable[..., Service]


def curl(*arguments: str, directory: Path | None = None, data: str = "") -> str:
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "120", *arguments],
        input=data,
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def body(service: Service, text: str, **members: object) -> str:
    return json.dumps(
        {"model": MODEL, "messages": [{"role": "user", "content": text}], "user": service.user, **members}
    )


def post(service: Service, content: str, *options: str) -> str:
    url = f"{service.url}/v1/chat/completions"
    return curl(url, "--header", "Content-Type: application/json", "--data-binary", "@-", *options, data=content)


def test_a_conversation(serve: Serve) -> None:
    service = serve([[calls(bash("echo 42")), says("It is 42.")], [says("I said 42.")]])
    first = json.loads(post(service, body(service, "What is it?")))
    assert first["choices"][0]["message"]["content"] == "It is 42."
    second = json.loads(post(service, body(service, "What did you say?")))
    assert second["choices"][0]["message"]["content"] == "I said 42."


def test_a_stream(serve: Serve) -> None:
    service = serve(script(says(["One, ", "two."])))
    output = post(service, body(service, "Count.", stream=True), "--no-buffer", "--include")
    head, _, stream = output.partition("\n\n")
    assert "200 OK" in head and "content-type: text/event-stream" in head.lower()
    events = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text == "One, two."


def test_a_large_body_that_waits_for_leave(serve: Serve) -> None:
    service = serve(script(says("Read.")))
    # curl asks with "Expect: 100-continue" before it sends more than a megabyte.
    answer = json.loads(post(service, body(service, "x" * 3_000_000), "--header", "Expect: 100-continue"))
    assert answer["choices"][0]["message"]["content"] == "Read."


def test_artifacts_are_downloaded_under_their_names(serve: Serve, tmp_path: Path) -> None:
    service = serve(script(calls(bash("seq 100000 > /artifacts/numbers.txt")), says("There.")))
    post(service, body(service, "Count."))
    curl(
        "--remote-name",
        "--remote-header-name",
        f"{service.url}/{service.user}/artifacts/numbers.txt",
        directory=tmp_path,
    )
    assert (tmp_path / "numbers.txt").read_text() == "".join(f"{number}\n" for number in range(1, 100_001))
    status = curl(
        "--output", "/dev/null", "--write-out", "%{http_code}", f"{service.url}/{service.user}/artifacts/no.txt"
    )
    assert status == "404"


def test_health_skills_and_description(serve: Serve) -> None:
    service = serve(script(calls(bash("true")), says("Ran.")))
    post(service, body(service, "Run."))
    health = json.loads(curl(f"{service.url}/health"))
    assert "running" in json.dumps(health)
    skills = curl(f"{service.url}/skills")
    name = next(path.name for path in sorted((Path(__file__).parents[2] / "skills").iterdir()) if path.is_dir())
    assert name in skills
    assert "---" in curl(f"{service.url}/skills/{name}")
    description = json.loads(curl(f"{service.url}/openapi.json"))
    assert description["openapi"].startswith("3.1")
    assert {"/v1/chat/completions", "/v1/models", "/health", "/skills"} <= set(description["paths"])


def test_errors_have_the_shape_of_the_api(serve: Serve) -> None:
    service = serve(script(says("Never.")))
    for content in ("", "nonsense", "[]", "{}", body(service, "x", n=2), body(service, "x", stream="maybe")):
        error = json.loads(post(service, content))["error"]
        assert error["message"] and error["type"] == "invalid_request_error", content
        assert set(error) == {"message", "type", "param", "code"}
    status = curl("--output", "/dev/null", "--write-out", "%{http_code}", f"{service.url}/v1/chat/completions")
    assert status == "405"
