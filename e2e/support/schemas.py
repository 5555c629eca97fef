"""Validates whole conversations against the official JSON Schema of the revision that each message belongs to.

What the server says is held to more than the schema demands: a result may carry no field that its revision does not
name, because the schemas themselves allow any additional field. `streams` checks what no schema can: the order of the
notifications that belong to a request.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.validators import validator_for

from . import file_methods
from .stdio_client import LATEST_LEGACY, META_PREFIX, MODERN, Line
from .streams import Streams

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
BATCHES = "2025-03-26"
SKILLS = "ext-skills"
TASKS = "ext-tasks"
RESULTS: dict[Any, str] = {
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "server/discover": "DiscoverResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "resources/subscribe": "EmptyResult",
    "resources/unsubscribe": "EmptyResult",
    "logging/setLevel": "EmptyResult",
    "completion/complete": "CompleteResult",
    "subscriptions/listen": "SubscriptionsListenResult",
}
# The messages of the extensions, which belong to no revision: method → schema, request, result.
EXTENSIONS = {
    "skills/list": (SKILLS, "ListSkillsRequest", "ListSkillsResult"),
    "skills/get": (SKILLS, "GetSkillRequest", "GetSkillResult"),
    "resources/directory/read": (SKILLS, "ReadResourceDirectoryRequest", "ReadResourceDirectoryResult"),
    "tasks/get": (TASKS, "GetTaskRequest", "GetTaskResult"),
    "tasks/update": (TASKS, "UpdateTaskRequest", "UpdateTaskResult"),
    "tasks/cancel": (TASKS, "CancelTaskRequest", "CancelTaskResult"),
}
ERRORS = {-32021: "MissingRequiredClientCapabilityError", -32022: "UnsupportedProtocolVersionError"}


@functools.cache
def document(revision: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / revision / "schema.json").read_text(encoding="utf-8"))


def definitions_key(revision: str) -> str:
    return "$defs" if "$defs" in document(revision) else "definitions"


@functools.cache
def definitions(revision: str, strict: bool = False) -> dict[str, Any]:
    """The definitions of a revision or extension; strict ones forbid every field that they do not name, except in
    `_meta` and where they say themselves that any may be there."""
    found = document(revision)[definitions_key(revision)]
    if revision == SKILLS:
        found = {**definitions(MODERN), **found}
    return close(found) if strict else found


def close(found: dict[str, Any]) -> dict[str, Any]:
    """Definitions that forbid every field that they do not name. Where one is put together of several, only the whole
    can say what is too much."""
    closed = copy.deepcopy(found)
    combined = [part for definition in closed.values() for part in definition.get("allOf", [])]
    parts = {part["$ref"].rsplit("/", 1)[-1] for part in combined if "$ref" in part}
    for name, definition in closed.items():
        if name in parts:
            definition.pop("additionalProperties", None)
        elif "allOf" in definition:
            definition["unevaluatedProperties"] = False
        elif "properties" in definition and not name.endswith("MetaObject"):
            if definition.get("additionalProperties") is not True:
                definition["additionalProperties"] = False
    return closed


@functools.cache
def validator(revision: str, name: str, strict: bool = False) -> jsonschema.protocols.Validator:
    key = definitions_key(revision)
    schema = {
        "$schema": document(revision)["$schema"],
        "$ref": f"#/{key}/{name}",
        key: definitions(revision, strict),
    }
    return validator_for(schema)(schema)


@functools.cache
def by_method(revision: str, union: str) -> dict[str, str]:
    """`method` → definition, for one of the schema's unions, such as ClientRequest."""
    found = definitions(revision)
    if union not in found:
        return {}
    references = found[union].get("anyOf", [{"$ref": union}])  # a union of one stands for itself
    names = [reference["$ref"].rsplit("/", 1)[-1] for reference in references]
    return {found[name]["properties"]["method"]["const"]: name for name in names}


def violations(revision: str, name: str, value: Any, strict: bool = False) -> list[str]:
    if name not in definitions(revision):
        return [f"{revision} has no {name}"]
    error = jsonschema.exceptions.best_match(validator(revision, name, strict).iter_errors(value))
    if error is None:
        return []
    return [f"not a {name} of {revision} at {error.json_path}: {error.message[:300]}"]


def is_modern(message: dict[str, Any]) -> bool:
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    has_version = isinstance(meta, dict) and META_PREFIX + "protocolVersion" in meta
    return has_version and message.get("method") != "initialize"


def without_details(result: dict[str, Any]) -> dict[str, Any]:
    """A result whose questions lack `_meta`, which newer revisions leave undefined there."""
    bare = copy.deepcopy(result)
    for request in bare.get("inputRequests", {}).values():
        request["params"].pop("_meta", None)
    return bare


class Conversation:
    """Follows one connection from its first line and collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.legacy_revision: str | None = None
        self._open: dict[str, tuple[dict[str, Any], bool]] = {}  # by id: request, deliberate
        self._asked: set[str] = set()  # ids of the server's requests
        self._output_schemas: dict[str, dict[str, Any]] = {}
        self._unreadable = 0  # lines that cannot be read, though an id may be found in them
        self._streams = Streams()

    def feed(self, line: Line) -> None:
        try:
            # Python reads no integers of more than 4,300 digits, unless it is told to; they are JSON all the same.
            value = json.loads(line.raw, parse_int=lambda digits: int(digits) if len(digits) < 4_000 else digits)
        except (ValueError, RecursionError):
            if line.deliberate:
                self._unreadable += line.raw.count(b'"id"')
            else:
                self._report(line.raw, ["not a line of JSON"])
            return
        if isinstance(value, list):
            if not line.deliberate and self.legacy_revision != BATCHES:
                self._report(line.raw, ["a batch outside 2025-03-26"])
            for message in value:
                self._feed_message(line, message)
        else:
            self._feed_message(line, value)

    def _feed_message(self, line: Line, message: Any) -> None:
        if not isinstance(message, dict):
            found = [] if line.deliberate else ["not a message"]
        elif line.direction == "client":
            found = self._client_message(message, line.deliberate)
        else:
            found = self._server_message(message)
        self._report(line.raw, found)

    def _report(self, raw: bytes, found: Iterable[str]) -> None:
        self.problems.extend(f"{problem}: {raw[:500]!r}" for problem in found)

    def _client_message(self, message: dict[str, Any], deliberate: bool) -> list[str]:
        method = message.get("method")
        if method is None and json.dumps(message.get("id")) in self._asked:
            return self._client_answer(message, deliberate)
        if "id" in message:
            self._open[json.dumps(message["id"])] = (message, deliberate)
        if method == "initialize":
            self._asked.clear()  # another connection, or another beginning
        modern = is_modern(message)
        self._streams.requested(message, MODERN if modern else self._legacy())
        if deliberate:
            return []
        if method is None:
            return ["a client of this server has nothing to respond to"]
        if modern and method in EXTENSIONS:
            schema, name, _ = EXTENSIONS[method]
            return violations(schema, name, message)
        revision = MODERN if modern or "id" not in message and method == "notifications/cancelled" else self._legacy()
        if "id" in message:
            envelope, union = "JSONRPCRequest", "ClientRequest"
        else:
            envelope, union = "JSONRPCNotification", "ClientNotification"
        if "id" in message and method in file_methods.RESULTS:
            return violations(revision, envelope, message)
        name = by_method(revision, union).get(method)
        if name is None:
            return [f"{revision} has no {union} {method!r}"]
        return violations(revision, envelope, message) + violations(revision, name, message)

    def _client_answer(self, message: dict[str, Any], deliberate: bool) -> list[str]:
        if deliberate or "error" in message:
            return []
        return violations(self._legacy(), "ElicitResult", message["result"])

    def _legacy(self) -> str:
        return self.legacy_revision or LATEST_LEGACY

    def _server_message(self, message: dict[str, Any]) -> list[str]:
        if "method" in message:
            return self._server_notification(message)
        if "error" in message and "id" not in message:  # could not be read: allowed by the newer schemas only
            return violations(MODERN, "JSONRPCErrorResponse", message)
        request, deliberate = self._open.pop(json.dumps(message.get("id")), (None, False))
        if request is None and "error" in message and self._unreadable:
            self._unreadable -= 1
            return violations(MODERN, "JSONRPCErrorResponse", message)
        if request is None:
            return ["answers nothing that is open"]
        modern = is_modern(request)
        found = self._streams.answered(request, message)
        if "error" in message:
            return found + self._error(message, MODERN if modern else self._legacy())
        if request.get("method") == "initialize":
            self.legacy_revision = message.get("result", {}).get("protocolVersion", self.legacy_revision)
        return found + self._result(request, message, MODERN if modern else self._legacy())

    def _server_notification(self, message: dict[str, Any]) -> list[str]:
        if "id" in message:
            return self._server_request(message)
        found = self._streams.notified(message, self.legacy_revision is not None)
        if message["method"] == "notifications/tasks":
            return found + violations(TASKS, "TaskStatusNotification", message) + self._task(message["params"])
        for revision in (self._legacy(), MODERN):
            name = by_method(revision, "ServerNotification").get(message["method"])
            if name and not violations(revision, name, message):
                return found
        return [*found, "not a server notification of any revision in use"]

    def _server_request(self, message: dict[str, Any]) -> list[str]:
        """A legacy server may ask the client's user; its ids are none of the client's."""
        key, revision = json.dumps(message["id"]), self._legacy()
        if key in self._open or key in self._asked:
            return ["the id of another request"]
        self._asked.add(key)
        name = by_method(revision, "ServerRequest").get(message["method"])
        if self.legacy_revision is None or name != "ElicitRequest":
            return [f"{self.legacy_revision} has no server request {message['method']!r}"]
        return violations(revision, "JSONRPCRequest", message) + self._question(message["params"], revision)

    def _question(self, params: dict[str, Any], revision: str) -> list[str]:
        """A question's form may hold no field that the revision does not name."""
        if "ElicitRequestFormParams" not in definitions(revision):
            return violations(revision, "ElicitRequest", {"method": "elicitation/create", "params": params})
        mode = "ElicitRequestURLParams" if params.get("mode") == "url" else "ElicitRequestFormParams"
        return violations(revision, mode, {key: value for key, value in params.items() if key != "_meta"}, strict=True)

    def _error(self, message: dict[str, Any], revision: str) -> list[str]:
        envelope = "JSONRPCErrorResponse" if "JSONRPCErrorResponse" in definitions(revision) else "JSONRPCError"
        found = violations(revision, envelope, message)
        special = ERRORS.get(message["error"].get("code")) if isinstance(message["error"], dict) else None
        if special:
            found += violations(MODERN, special, message)
        return found

    def _result(self, request: dict[str, Any], message: dict[str, Any], revision: str) -> list[str]:
        modern = "JSONRPCResultResponse" in definitions(revision)
        found = violations(revision, "JSONRPCResultResponse" if modern else "JSONRPCResponse", message)
        method = request.get("method")
        result = message["result"]
        if not found and method in file_methods.RESULTS:
            return self._own_result(method, result, revision)
        if not found and revision == MODERN:
            if method in EXTENSIONS:
                schema, _, name = EXTENSIONS[method]
                return violations(schema, name, without_details(result), strict=True) + self._task(result)
            if method == "tools/call" and result.get("resultType") == "task":
                return violations(TASKS, "CreateTaskResult", result, strict=True)
            if result.get("resultType") == "input_required":
                return violations(revision, "InputRequiredResult", without_details(result), strict=True)
        if found or method not in RESULTS:
            return found or [f"no result is known for {method!r}"]
        found = violations(revision, RESULTS[method], result, strict=True)
        if method == "tools/list" and not found:
            self._output_schemas = {tool["name"]: tool.get("outputSchema") for tool in result["tools"]}
        if method == "tools/call" and not found:
            found = self._structured_content(request["params"]["name"], result)
        return found

    def _own_result(self, method: str, result: dict[str, Any], revision: str) -> list[str]:
        """A result of a method that no revision and no published extension has."""
        schema = file_methods.RESULTS[method]
        error = jsonschema.exceptions.best_match(validator_for(schema)(schema).iter_errors(result))
        if error is None and ("resultType" in result) != (revision == MODERN):
            return [f"{method} of {revision}: resultType is there, or isn't"]
        return [f"not a result of {method} at {error.json_path}: {error.message[:300]}"] if error else []

    def _task(self, task: dict[str, Any]) -> list[str]:
        """What a completed task holds is the result that its call would have had."""
        if task.get("status") != "completed":
            return []
        return violations(MODERN, "CallToolResult", {"resultType": "complete", **task["result"]}, strict=True)

    def _structured_content(self, tool: str, result: dict[str, Any]) -> list[str]:
        schema = self._output_schemas.get(tool)
        if not schema or result.get("isError"):
            return []
        if "structuredContent" not in result:
            return [f"{tool} declares an outputSchema and returned no structuredContent"]
        error = jsonschema.exceptions.best_match(validator_for(schema)(schema).iter_errors(result["structuredContent"]))
        return [f"structuredContent breaks {tool}'s outputSchema: {error.message}"] if error else []


def assert_valid_conversation(journal: Iterable[Line]) -> None:
    """Fails with everything that breaks the protocol in a recorded conversation."""
    conversation = Conversation()
    for line in journal:
        conversation.feed(line)
    assert not conversation.problems, "\n".join(conversation.problems[:20])
