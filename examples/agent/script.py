"""A conversation that the scripted model plays: which turn is next, and the turn as the Chat Completions API says it.

A script is a JSON file:

    {"model": "name", "conversation": [{"turns": [TURN, ...]}, ...]}

One entry of `conversation` answers one message of the user, with one turn for each request: all turns but the last call
tools. Beyond the last entry the last one is played again. An entry with `when` answers every message that contains that
text in upper or lower case, at any place of the conversation; the entries without `when` are numbered without these.
`{{user}}` and `{{result}}` in texts and arguments stand for the user's last message and the last tool's result. A turn
has any of

    text         what is said: a string, or a list of the pieces that it is streamed in
    tool_calls   [{"name": ..., "arguments": an object, or a string that need not be JSON, "id": ...}]
    calls_as     how calls are streamed: pieces (the default), whole, at_once (all in one chunk), no_index, no_id,
                 repeated (id and name in each piece), or legacy (function_call)
    finish_reason, usage    what to say instead of the ordinary; false: say nothing
    done         false: the stream ends without [DONE]
    whole        true: the answer comes whole, even where a stream was asked for
    pace         seconds before each piece
    repeat       true: the turn is played again for every further request of the same message
    failures     what happens to the first attempts instead, one entry an attempt; see scripted_model.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PIECE = 8
"""Characters of a piece of a text or of a call's arguments."""


class ScriptError(Exception):
    """The script does not say what comes next."""


class Script:
    """One script file."""

    def __init__(self, path: Path) -> None:
        content = json.loads(path.read_text())
        self.model: str = content.get("model", path.stem)
        self.conversation: list[dict[str, Any]] = content["conversation"]

    def turn(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        """The turn that answers these messages."""
        starts = [place for place in range(len(messages)) if _is_said_by_user(messages, place)]
        if not starts:
            raise ScriptError("there is no user message")
        entry = self._entry(_text(messages[starts[-1]]), len(starts))
        number = sum(message["role"] == "assistant" for message in messages[starts[-1] :])
        turns = entry["turns"]
        if number >= len(turns) and not turns[-1].get("repeat"):
            raise ScriptError(f"the script of {self.model} has only {len(turns)} turns here, but one more is requested")
        results = [_text(message) for message in messages if message["role"] == "tool"]
        words = {"user": _text(messages[starts[-1]]), "result": results[-1] if results else ""}
        return _filled(turns[min(number, len(turns) - 1)], words)

    def _entry(self, asked: str, number: int) -> dict[str, Any]:
        for entry in self.conversation:
            if "when" in entry and entry["when"].lower() in asked.lower():
                return entry
        counted = [entry for entry in self.conversation if "when" not in entry]
        return counted[min(number, len(counted)) - 1]


def seed(model: str, messages: list[dict[str, Any]]) -> str:
    """What tells a place of a conversation from others. What tools returned does not count: a client may send it in
    another form when a request is refused."""
    place = [[message["role"], _text(message) * _is_said_by_user(messages, at)] for at, message in enumerate(messages)]
    return hashlib.sha256(json.dumps([model, place]).encode()).hexdigest()[:12]


def _is_said_by_user(messages: list[dict[str, Any]], place: int) -> bool:
    """Whether a message is the user's own: pictures of tools are handed to a model as the user's too."""
    return messages[place]["role"] == "user" and (place == 0 or messages[place - 1]["role"] != "tool")


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace("{{" + word + "}}", text)
    elif isinstance(value, list):
        value = [_filled(item, words) for item in value]
    elif isinstance(value, dict):
        value = {key: _filled(item, words) for key, item in value.items()}
    return value


# -- A turn in the words of the API


def tool_calls(turn: dict[str, Any], seed: str) -> list[dict[str, Any]]:
    """The calls of a turn, with ids that no other turn of the conversation has."""
    calls = []
    for place, call in enumerate(turn.get("tool_calls", [])):
        arguments = call.get("arguments", {})
        function = {
            "name": call["name"],
            "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
        }
        calls.append({"id": call.get("id", f"call_{seed}_{place}"), "type": "function", "function": function})
    return calls


def finish_reason(turn: dict[str, Any]) -> str | None:
    if "finish_reason" in turn:
        return turn["finish_reason"] or None
    if turn.get("calls_as") == "legacy":
        return "function_call"
    return "tool_calls" if turn.get("tool_calls") else "stop"


def usage(turn: dict[str, Any], request: dict[str, Any]) -> dict[str, int] | None:
    """What the turn costs, roughly: four characters a token."""
    if "usage" in turn:
        return turn["usage"] or None
    prompt = len(json.dumps(request.get("messages", []))) // 4
    completion = len(json.dumps([turn.get("text"), turn.get("tool_calls")])) // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def whole_message(turn: dict[str, Any], seed: str) -> dict[str, Any]:
    """The turn as the message of a whole answer."""
    text = turn.get("text")
    message: dict[str, Any] = {"role": "assistant", "content": "".join(text) if isinstance(text, list) else text}
    calls = tool_calls(turn, seed)
    if calls and turn.get("calls_as") == "legacy":
        message["function_call"] = calls[0]["function"]
    elif calls:
        message["tool_calls"] = calls
    return message


def deltas(turn: dict[str, Any], seed: str) -> Iterator[dict[str, Any]]:
    """The turn as the pieces of a stream."""
    yield {"role": "assistant", "content": ""}
    text = turn.get("text") or ""
    for piece in text if isinstance(text, list) else _pieces(text):
        yield {"content": piece}
    calls = tool_calls(turn, seed)
    style = turn.get("calls_as", "pieces")
    if style == "at_once":
        yield {"tool_calls": [{"index": place, **call} for place, call in enumerate(calls)]}
        return
    for place, call in enumerate(calls):
        if style == "legacy":
            yield {"function_call": {"name": call["function"]["name"], "arguments": ""}}
            for piece in _pieces(call["function"]["arguments"]):
                yield {"function_call": {"arguments": piece}}
        else:
            for piece in _call_pieces(place, call, style):
                yield {"tool_calls": [piece]}


def _call_pieces(place: int, call: dict[str, Any], style: str) -> Iterator[dict[str, Any]]:
    if style == "no_id":
        call = {"type": "function", "function": call["function"]}
    number = {} if style == "no_index" else {"index": place}
    if style in ("whole", "no_index", "no_id"):
        yield {**number, **call}
        return
    name = call["function"]["name"]
    begin = {**call, "function": {"name": name, "arguments": ""}}
    yield {**number, **begin}
    for piece in _pieces(call["function"]["arguments"]):
        repeated = {**call, "function": {"name": name, "arguments": piece}}
        yield {**number, **(repeated if style == "repeated" else {"function": {"arguments": piece}})}


def _pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
