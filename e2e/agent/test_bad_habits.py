"""Models and endpoints as they are: each bad habit of the scripted model, and what becomes of the run."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable

import pytest
from support.scripted import Json, ScriptedModel, bash, call, calls, says, script

Run = Callable[..., tuple[ScriptedModel, subprocess.CompletedProcess[str]]]
KEY = "sk-a-very-secret-key-1234567890"


def answer(run: Run, *turns: Json, **options: str) -> ScriptedModel:
    """Runs to the answer, which has to be `Done.`."""
    model, done = run(script(*turns), "Do it.", **options)
    assert (done.returncode, done.stdout.strip()) == (0, "Done."), done.stderr
    return model


def failure(run: Run, *turns: Json, **options: str) -> tuple[ScriptedModel, str]:
    """Runs to a failure; returns what was said about it."""
    model, done = run(script(*turns), "Do it.", **options)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr and KEY not in done.stderr + done.stdout
    return model, done.stderr


# -- How calls come


@pytest.mark.parametrize("style", ["pieces", "whole", "at_once", "no_index", "no_id", "repeated"])
def test_calls_however_they_come(run: Run, style: str) -> None:
    model = answer(run, calls(bash("echo one"), bash("echo two"), calls_as=style), says("Done."))
    assert [json.loads(result)["stdout"] for result in model.results()] == ["one\n", "two\n"]
    made = model.bodies()[-1]["messages"][-3]["tool_calls"]
    assert len({call["id"] for call in made}) == 2 and all(call["id"] for call in made)


def test_the_call_of_old_times(run: Run) -> None:
    model = answer(run, calls(bash("echo one"), calls_as="legacy"), says("Done."))
    assert [json.loads(result)["stdout"] for result in model.results()] == ["one\n"]


def test_calls_in_a_whole_answer(run: Run) -> None:
    model = answer(run, calls(bash("echo one"), whole=True), says("Done.", whole=True))
    assert [json.loads(result)["stdout"] for result in model.results()] == ["one\n"]


@pytest.mark.parametrize(
    "arguments", ['{"command": "echo', "echo one", "[]", '"echo"', "", "null", '{"command": 7}', "{}"]
)
def test_arguments_that_are_none_go_back(run: Run, arguments: str) -> None:
    wrong = {"name": "execute_bash", "arguments": arguments}
    model = answer(run, calls(wrong), calls(bash("echo better")), says("Done."))
    told, result = model.results()
    assert "command" in told or "JSON" in told
    assert json.loads(result)["stdout"] == "better\n"


def test_a_tool_that_does_not_exist_goes_back(run: Run) -> None:
    model = answer(run, calls(call("launch_rocket", target="moon"), bash("echo here")), says("Done."))
    told, result = model.results()
    assert "launch_rocket" in told and "execute_bash" in told
    assert json.loads(result)["stdout"] == "here\n"


def test_a_failing_command_and_a_failing_tool_go_back(run: Run) -> None:
    model = answer(run, calls(bash("echo no >&2; exit 3"), call("read_file", file_path="none.txt")), says("Done."))
    command, file = model.results()
    assert json.loads(command) == {"exit_code": 3, "stdout": "", "stderr": "no\n"}
    assert "none.txt" in file


# -- How answers come


@pytest.mark.parametrize(
    "habit",
    [
        {"usage": False},
        {"done": False},
        {"finish_reason": False},
        {"finish_reason": False, "done": False},
        {"whole": True},
        {"whole": True, "usage": False, "finish_reason": False},
        {"pace": 0.2},
    ],
)
def test_answers_however_they_come(run: Run, habit: Json) -> None:
    answer(run, calls(bash("true")), says("Done.", **habit))


def test_a_large_answer(run: Run) -> None:
    text = "All work and no play. " * 50_000
    _, done = run(script(says([text[start : start + 1000] for start in range(0, len(text), 1000)])), "Write.")
    assert done.returncode == 0 and done.stdout.strip() == text.strip()


# -- Failures that pass


@pytest.mark.parametrize(
    "failures",
    [
        [{"status": 429, "retry_after": "0"}],
        [{"status": 429, "retry_after": "0"}, {"status": 503, "retry_after": "0"}],
        [{"status": 500}],
        [{"status": 502, "html": "<html><h1>Bad Gateway</h1></html>"}],
        [{"disconnect": "at_once"}],
        [{"disconnect": "before"}],
        [{"raw": ""}],
        [{"raw": 'data: {"error": {"message": "overloaded", "code": 503}}\n\n'}],
    ],
)
def test_a_request_is_sent_again(run: Run, failures: list[Json]) -> None:
    model = answer(run, says("Done.", failures=failures))
    bodies = model.bodies()
    assert len(bodies) == len(failures) + 1
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize(
    "words", ["Request contains an invalid argument.", "Provider returned error", "Bad Request", ""]
)
def test_what_is_refused_without_a_reason_is_found_out(run: Run, words: str) -> None:
    refusals = 2 if words.startswith("Provider") else 1
    failures = [{"status": 400, "message": words}] * refusals
    model, done = run(script(calls(bash("true"), failures=failures), says("Done.")), "Go.")
    assert done.stdout == "Done.\n"
    assert "without a reason" in done.stderr and "'stream_options' is left out" in done.stderr
    sent = ["stream_options" in body for body in model.bodies()]
    assert sent == [True] * refusals + [False, False], "what helped is kept"


def test_what_is_refused_is_left_out(run: Run) -> None:
    refusal = {"status": 400, "message": "Unknown parameter: 'stream_options'."}
    model = answer(run, calls(bash("true"), failures=[refusal]), says("Done."))
    assert ["stream_options" in body for body in model.bodies()] == [True, False, False]


# -- Failures that stay


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        ({"status": 401, "message": f"Incorrect API key provided: {KEY}"}, "OPENAI_API_KEY"),
        ({"status": 404, "message": "The model `scripted` does not exist", "code": "model_not_found"}, "--model"),
        ({"status": 404, "html": "<html>nginx</html>"}, "OPENAI_BASE_URL"),
        ({"status": 400, "message": "too long", "code": "context_length_exceeded"}, "longer than the model"),
        ({"status": 429, "message": "pay", "code": "insufficient_quota"}, "quota"),
        ({"status": 200, "html": "<html>Please log in</html>"}, "web page"),
        ({"status": 302, "location": "http://127.0.0.1:9/v1"}, "OPENAI_BASE_URL"),
        ({"status": 400, "message": f"I know your key {KEY}"}, "[key]"),
        ({"raw": "data: nonsense\n\n"}, "not a chat completions response"),
        ({"disconnect": "after"}, "in the middle of the answer"),
    ],
)
def test_a_failure_is_said_clearly(run: Run, failed: Json, words: str) -> None:
    model, said = failure(run, says("Never was so much said.", failures=[failed]), OPENAI_API_KEY=KEY)
    assert words in said
    assert len(model.requests()) == 1
    assert model.requests()[0]["headers"]["authorization"] == f"Bearer {KEY}"


def test_failures_without_end(run: Run) -> None:
    model, said = failure(run, says("Never.", failures=[{"status": 503, "retry_after": "0", "forever": True}]))
    assert "503" in said and "5 times" in said
    assert len(model.requests()) == 5


def test_nobody_there(run: Run) -> None:
    # Bound and not listening: nobody else can come to be there.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        _, said = failure(run, says("Never."), OPENAI_BASE_URL=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
    assert "127.0.0.1" in said and "OPENAI_BASE_URL" in said


def test_a_model_that_calls_for_ever_meets_the_limit(run: Run) -> None:
    model, done = run(script(calls(bash("true"), repeat=True)), "--max-turns", "3", "Do it.")
    assert done.returncode == 3
    assert len(model.requests()) == 3
    assert "3" in done.stdout + done.stderr


def test_an_answer_cut_by_the_model_is_told_apart(run: Run) -> None:
    _, done = run(script(says("Half an ans", finish_reason="length")), "Do it.")
    assert done.returncode == 3 and "Half an ans" in done.stdout
