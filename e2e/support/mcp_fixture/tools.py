"""The tools of the server: each shows one thing that tools do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from contents import EMBEDDED, EMBEDDED_BLOB, LINK, PICTURE, SOUND

Json = dict[str, Any]
READS = {"readOnlyHint": True, "openWorldHint": False}
WRITES = {"readOnlyHint": False, "destructiveHint": True}


class Failure(Exception):
    """An error of JSON-RPC to answer with."""

    def __init__(self, code: int, text: str, data: Any = None) -> None:
        super().__init__(text)
        self.code = code
        self.data = data


class Call:
    """A call on its way."""

    def __init__(self, protocol: Any, number: Any, params: Json, is_modern: bool) -> None:
        self.protocol = protocol
        self.number = number
        self.params = params
        self.tool: str = params["name"]
        self.arguments: Json = params.get("arguments") or {}
        self.is_modern = is_modern
        self.cancelled = threading.Event()

    def progress(self, done: float, total: float, message: str) -> None:
        token = (self.params.get("_meta") or {}).get("progressToken")
        if token is not None:
            params = {"progressToken": token, "progress": done, "total": total, "message": message}
            self.protocol.notify("notifications/progress", params)


def text(*texts: str, **members: Any) -> Json:
    return {"content": [{"type": "text", "text": one} for one in texts], **members}


Run = Callable[[Call], "Json | None"]
_TOOLS: dict[str, tuple[Json, Run]] = {}


def tool(properties: str = "", annotations: Json = READS, output: Json | None = None) -> Callable[[Run], Run]:
    """Adds a tool. `properties` are words such as `count:integer?`; its description is the function's docstring."""
    schema: Json = {"type": "object", "properties": {}}
    for word in properties.split():
        name, _, kind = word.partition(":")
        schema["properties"][name] = {"type": kind.rstrip("?")} if kind.rstrip("?") != "any" else {}
        if not kind.endswith("?"):
            schema.setdefault("required", []).append(name)

    def add(run: Run) -> Run:
        name = run.__name__.rstrip("_")
        described: Json = {"name": name, "description": run.__doc__, "inputSchema": schema, "annotations": annotations}
        if output is not None:
            described["outputSchema"] = output
        _TOOLS[name] = described, run
        return run

    return add


class Tools:
    """The tools that the server has now."""

    def __init__(self, options: Any) -> None:
        self._tools = {name: _TOOLS[name] for name in options.only or _TOOLS}
        for number in range(1, options.tools + 1):
            self.add(f"tool_{number}", f"Tool number {number}.")
        if options.elicit:
            self._tools["elicit"] = ELICIT, elicit
        if options.odd:
            for name, description in ODD.items():
                self.add(name, description)

    def add(self, name: str, description: str) -> None:
        schema = {"type": "object", "properties": {"value": {"type": "string", "description": description}}}
        described = {"name": name, "description": description, "inputSchema": schema, "annotations": READS}
        self._tools[name] = described, lambda call: text(f"{name}: {call.arguments.get('value', '')}")

    def remove(self, name: str) -> None:
        self._tools.pop(name, None)

    def listing(self) -> list[Json]:
        return [described for described, _ in self._tools.values()]

    def find(self, name: Any) -> Run | None:
        return self._tools[name][1] if name in self._tools else None


# Names that are no identifiers, collide, or attack what is generated of them.
ODD = {
    "get-item": "A dash.",
    "get_item": "The same with an underscore.",
    "get.item": "A dot.",
    "class": "A keyword.",
    "1st": "Begins with a digit.",
    "__init__": "A dunder.",
    "naïve": "A letter beyond ASCII.",
    "ﬁle": "A ligature, which NFKC takes apart.",
    "call_tool": "The name of a helper.",
    "x" * 100: "A long name.",
    'quote"""': "Quotes: \"\"\" and ''' and a backslash at the end \\",
    "line\nbreak": "A line break in its name.\nAnd in its description.\n\n    import os; os.system('id')",
    "bidi": "A bidi override \u202e and a zero-width \u200b and tags \U000e0041.",
    "inject": '"""\nraise SystemExit("code of a description has run")\n"""',
}


# Content


@tool("text:string")
def echo(call: Call) -> Json:
    """Returns its text."""
    return text(str(call.arguments["text"]))


@tool("a:number b:number", output={"type": "object", "properties": {"sum": {"type": "number"}}, "required": ["sum"]})
def add(call: Call) -> Json:
    """Adds two numbers."""
    return text("the sum", structuredContent={"sum": call.arguments["a"] + call.arguments["b"]})


@tool(
    "count:integer?",
    output={
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"type": "integer"}}},
        "required": ["result"],
        "x-fastmcp-wrap-result": True,
    },
)
def wrapped(call: Call) -> Json:
    """Returns a list in the wrapper that FastMCP puts around what is no object."""
    return text("numbers", structuredContent={"result": list(range(call.arguments.get("count", 3)))})


@tool("json:string")
def as_text(call: Call) -> Json:
    """Returns JSON as text, without an output schema."""
    return text(str(call.arguments["json"]))


@tool()
def orders(call: Call) -> Json:
    """Returns orders as text in JSON, without an output schema."""
    return text('{"orders": [{"order_id": "A1", "items": [{"sku": "x", "qty": 12345678901234567890}], "note": null}]}')


@tool()
def picture(call: Call) -> Json:
    """Returns a picture."""
    return {"content": [PICTURE]}


@tool()
def mixed(call: Call) -> Json:
    """Returns every kind of content."""
    return {"content": [{"type": "text", "text": "first"}, PICTURE, SOUND, LINK, EMBEDDED, EMBEDDED_BLOB]}


@tool(output={"type": "object"})
def chart(call: Call) -> Json:
    """Returns data, and a picture beside it."""
    return {**text("see the picture", structuredContent={"points": [1, 2]}), "content": [PICTURE]}


@tool()
def nothing(call: Call) -> Json:
    """Returns no content."""
    return {"content": []}


@tool("bytes:integer")
def huge(call: Call) -> Json:
    """Returns so many bytes of text."""
    return text("0123456789abcdef" * (call.arguments["bytes"] // 16))


# Failures


@tool("message:string?")
def fail(call: Call) -> Json:
    """Reports a failure."""
    return text(call.arguments.get("message", "It does not work."), isError=True)


@tool("code:integer message:string?")
def refuse(call: Call) -> Json:
    """Answers with an error of JSON-RPC."""
    raise Failure(call.arguments["code"], call.arguments.get("message", "refused"), {"fixture": True})


@tool("status:integer?", WRITES)
def crash(call: Call) -> Json | None:
    """Ends the server before it answers."""
    print("mcp_fixture: out of cheese, token=sk-live-0123456789abcdef", file=sys.stderr, flush=True)
    os._exit(call.arguments.get("status", 3))


@tool("bytes:integer?")
def flood(call: Call) -> Json:
    """Writes a flood to standard error, then answers."""
    count = call.arguments.get("bytes", 10_000_000)
    sys.stderr.write("flood of words\n" * (count // 15))
    sys.stderr.flush()
    return text("flooded")


@tool()
def noise(call: Call) -> Json:
    """Prints what is no message to standard output, then answers."""
    call.protocol.write_noise()
    return text("noisy")


@tool()
def garbage(call: Call) -> Json | None:
    """Answers with half a message, twice the message, and then lines that answer nobody."""
    for line in (b'{"jsonrpc": "2.0", "id": 99999, "result": {}}\n', b'{"jsonrpc": "2.0"}\n', b'{"id": {}}\n'):
        os.write(1, line)
    return text("after the garbage")


# Time


@tool("seconds:number")
def slow(call: Call) -> Json | None:
    """Answers after some seconds, unless it is cancelled."""
    return None if call.cancelled.wait(call.arguments["seconds"]) else text("done")


@tool(annotations=READS)
def wait(call: Call) -> Json | None:
    """Waits until it is cancelled."""
    call.cancelled.wait()
    return None


@tool(annotations=READS)
def hang(call: Call) -> Json | None:
    """Never answers, and does not care about cancellation."""
    threading.Event().wait()
    return None


@tool("steps:integer seconds:number?")
def steps(call: Call) -> Json | None:
    """Reports progress before it answers."""
    count = call.arguments["steps"]
    for step in range(1, count + 1):
        if call.cancelled.wait(call.arguments.get("seconds", 0)):
            return None
        call.progress(step, count, f"step {step}")
    return text("done")


# The server itself


_counter = 0


@tool(annotations=WRITES)
def count(call: Call) -> Json:
    """Counts its calls. What a repeated call would show."""
    global _counter
    _counter += 1
    return text(str(_counter))


@tool("name:string description:string?", WRITES)
def grow(call: Call) -> Json:
    """Adds a tool, or replaces it, and says that the tools have changed."""
    call.protocol.tools.add(call.arguments["name"], call.arguments.get("description", "New."))
    call.protocol.tools_changed()
    return text("grown")


@tool("name:string", WRITES)
def shrink(call: Call) -> Json:
    """Removes a tool, and says that the tools have changed."""
    call.protocol.tools.remove(call.arguments["name"])
    call.protocol.tools_changed()
    return text("shrunk")


@tool()
def surroundings(call: Call) -> Json:
    """Returns what the server's process was started with."""
    facts = {"environment": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv[1:], "pid": os.getpid()}
    return text("surroundings", structuredContent=facts)


@tool(annotations=WRITES)
def leave_child(call: Call) -> Json:
    """Starts a process that outlives the server, unless somebody ends it. Returns its number."""
    child = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return text(str(child.pid))


ELICIT: Json = {
    "name": "elicit",
    "description": "Asks the user with these parameters, in the way of the client's era. Returns the answer as JSON.",
    "inputSchema": {"type": "object", "properties": {"params": {"type": "object"}}, "required": ["params"]},
}


def elicit(call: Call) -> Json | None:
    params = call.arguments["params"]
    if not call.is_modern:
        answer = call.protocol.ask("elicitation/create", params, call)
        return None if answer is None else text(json.dumps(answer.get("result") or answer.get("error")))
    reply = (call.params.get("inputResponses") or {}).get("user")
    if reply is None:
        question = {"method": "elicitation/create", "params": params}
        return {"resultType": "input_required", "inputRequests": {"user": question}, "requestState": "asked"}
    return text(json.dumps(reply))


@tool("question:string? schema:object?", {"readOnlyHint": True, "openWorldHint": True})
def ask(call: Call) -> Json | None:
    """Asks the user, in the way of the client's era."""
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    schema = call.arguments.get("schema", schema)
    params = {"mode": "form", "message": call.arguments.get("question", "Really?"), "requestedSchema": schema}
    if not call.is_modern:
        answer = call.protocol.ask("elicitation/create", params, call)
        if answer is None:
            return None
        reply = answer.get("result") or {"action": f"error {(answer.get('error') or {}).get('code')}"}
    else:
        reply = (call.params.get("inputResponses") or {}).get("user")
        if reply is None:
            question = {"method": "elicitation/create", "params": params}
            return {"resultType": "input_required", "inputRequests": {"user": question}, "requestState": "asked"}
    return text(f"{reply.get('action')}: {(reply.get('content') or {}).get('answer', '')}")


@tool()
def now(call: Call) -> Json:
    """Returns the time in nanoseconds. The cheapest call, for measurements."""
    return text(str(time.time_ns()))
