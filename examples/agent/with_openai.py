#!/usr/bin/env python3
"""The agent as a model, for the published `openai` package: a conversation of two messages, streamed, with what the
agent does in between, and the files that it hands out saved here.

    pip install openai
    exec-agent serve &
    ./with_openai.py [--base-url http://127.0.0.1:8000/v1] [--user ann] ["First message" "Second message" ...]
"""

from __future__ import annotations

import argparse
import os
import sys
import urllib.parse
from pathlib import Path

import openai
from openai import HttpxBinaryResponseContent

MESSAGES = ["Plot the first 50 primes into a file.", "How large is the file?"]


def ask(agent: openai.OpenAI, messages: list[dict[str, str]], user: str) -> str:
    """The answer to a conversation, shown as it comes."""
    model = agent.models.list().data[0].id
    answer = ""
    for chunk in agent.chat.completions.create(model=model, messages=messages, user=user, stream=True):
        # What the agent does in between is in a field of its own, which other clients ignore.
        event = getattr(chunk, "exec_agent", None) or {}
        if event.get("type") == "tool_started":
            print(f"  … {event['name']}", file=sys.stderr)
        elif event.get("type") == "tool_ended":
            print(f"    {event.get('exit_code', 'failed' if event['is_error'] else 'done')}", file=sys.stderr)
        for choice in chunk.choices:
            answer += choice.delta.content or ""
            print(choice.delta.content or "", end="", flush=True)
    print()
    return answer


def save_artifacts(agent: openai.OpenAI, user: str, directory: Path) -> None:
    """Downloads what the agent handed out. The client's own connection brings the key along."""
    root = str(agent.base_url).removesuffix("/").removesuffix("/v1")
    directory.mkdir(parents=True, exist_ok=True)
    for artifact in agent.get(f"{root}/{user}/artifacts", cast_to=object)["data"]:
        name = Path(artifact["name"]).name
        content = agent.get(f"{root}/{user}/artifacts/{urllib.parse.quote(name)}", cast_to=HttpxBinaryResponseContent)
        (directory / name).write_bytes(content.read())
        print(f"Saved {directory / name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--user", default="default", help="user whose sandbox and conversation are used")
    parser.add_argument("--output", type=Path, default=Path("agent-output"), help="where files are saved")
    parser.add_argument("messages", nargs="*", default=MESSAGES)
    options = parser.parse_args()
    # The service takes any key where it asks for none.
    agent = openai.OpenAI(base_url=options.base_url, api_key=os.environ.get("AGENT_API_KEY", "unused"))
    history: list[dict[str, str]] = []
    for message in options.messages:
        print(f"> {message}")
        history.append({"role": "user", "content": message})
        history.append({"role": "assistant", "content": ask(agent, history, options.user)})
    save_artifacts(agent, options.user, options.output)


if __name__ == "__main__":
    main()
