"""An MCP server whose results hold private data of people who don't exist; it notes the arguments that it gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PEOPLE = [
    {"name": "Ada", "email": "ada.lovelace@analytical.org", "phone": "(555) 010-4477", "card": 4539148803436467},
    {"name": "José", "email": "josé.müller@straße.de", "iban": "DE89 3704 0044 0532 0130 00", "ip": "10.20.30.40"},
]
VALUES = [str(value) for person in PEOPLE for field, value in person.items() if field != "name"]

SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}, "text": {"type": "string"}}}
TOOLS = [
    {"name": name, "description": name, "inputSchema": SCHEMA}
    for name in ("people", "report", "send", "fail", "slow", "echo")
]


def call(params: dict[str, Any], journal: Path) -> dict[str, Any]:
    tool, arguments = params["name"], params.get("arguments") or {}
    if tool == "people":
        return {"content": [{"type": "text", "text": json.dumps(PEOPLE)}], "structuredContent": {"people": PEOPLE}}
    if tool == "report":
        return {"content": [{"type": "text", "text": "\n".join(VALUES)}]}
    if tool == "fail":
        return {"content": [{"type": "text", "text": f"no mail to {VALUES[0]}"}], "isError": True}
    if tool == "slow":
        token = (params.get("_meta") or {}).get("progressToken")
        progress = {"progressToken": token, "progress": 1, "message": f"asking {VALUES[0]} now"}
        write({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
        return {"content": [{"type": "text", "text": "done"}]}
    if tool == "echo":
        return {"content": [{"type": "text", "text": f"nobody called {arguments['to']}"}], "isError": True}
    with journal.open("a") as file:
        file.write(json.dumps(arguments) + "\n")
    return {"content": [{"type": "text", "text": "sent"}]}


def write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    journal = Path(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        method = message["method"]
        if method == "initialize":
            answer["result"] = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "people", "version": "1"},
            }
        elif method == "tools/list":
            answer["result"] = {"tools": TOOLS}
        elif method == "tools/call":
            answer["result"] = call(message["params"], journal)
        elif method == "ping":
            answer["result"] = {}
        else:
            answer["error"] = {"code": -32601, "message": f"no method {method}"}
        write(answer)


if __name__ == "__main__":
    main()
