"""The work: calls of all kinds, each with an answer that is known beforehand."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import time

from soaking.connection import Connection, Json, Lost
from soaking.ledger import Ledger

PATIENCE = 120.0


class Wrong(Exception):
    """An answer that is not the one to come."""


class Failed(Exception):
    """The tool could not do it."""


def settle(connection: Connection, user: str) -> None:
    """Sees to it that the user's sandbox is up and at rest."""
    for _ in range(20):
        try:
            if _bash(connection, user, "echo up")["stdout"] == "up\n":
                return
        except Failed:
            time.sleep(0.5)
    raise Lost(f"the sandbox of {user} does not come up")


def leftovers(connection: Connection, user: str) -> int:
    """How many processes of cancelled and timed out calls are still there. They have two seconds to end."""
    for _ in range(40):
        count = int(_bash(connection, user, "pgrep -x sleep | wc -l")["stdout"])
        if count == 0:
            break
        time.sleep(0.25)
    return count


def keep_calling(connection: Connection, user: str, count: int, chance: random.Random, ledger: Ledger) -> None:
    kinds = {"echo": 8, "file": 4, "flood": 1, "timeout": 1, "cancel": 2, "background": 2, "artifact": 2, "failure": 2}
    actions = {
        "echo": echo,
        "file": file,
        "flood": flood,
        "timeout": time_out,
        "cancel": cancel,
        "background": background,
        "artifact": artifact,
        "failure": failure,
    }
    for kind in chance.choices(list(kinds), list(kinds.values()), k=count):
        began = time.monotonic()
        ledger.count(kind)
        try:
            actions[kind](connection, user, chance)
        except (Failed, Wrong, Lost) as error:
            if isinstance(error, Lost) or not ledger.was_hit(user, began):
                ledger.lose(f"{kind} of {user}: {error!r}")
            else:
                ledger.excuse()


def echo(connection: Connection, user: str, chance: random.Random) -> None:
    token = f"{chance.getrandbits(64):x}"
    _expect(_bash(connection, user, f"echo {token}; echo {token} >&2")["stdout"], f"{token}\n")


def file(connection: Connection, user: str, chance: random.Random) -> None:
    text = "".join(chance.choices('aé\n"\\', k=chance.choice([0, 10, 1000, 20_000])))
    path = f"file-{chance.randrange(8)}.txt"
    _text(_call(connection, user, "write_file", file_path=path, content=text))
    digest = hashlib.sha256(text.encode()).hexdigest()
    _expect(_bash(connection, user, f"sha256sum < {path}")["stdout"], f"{digest}  -\n")


def flood(connection: Connection, user: str, chance: random.Random) -> None:
    result = _bash(connection, user, f"head -c {chance.randrange(1, 40)}000000 /dev/zero | tr '\\0' x")
    _expect(result.get("truncated"), True)
    _expect(result["stdout"][:10], "x" * 10)


def time_out(connection: Connection, user: str, chance: random.Random) -> None:
    result = _bash(connection, user, "echo so far; (setsid sleep 300 &) ; sleep 300", timeout=1)
    _expect((result.get("timed_out"), result["stdout"]), (True, "so far\n"))


def cancel(connection: Connection, user: str, chance: random.Random) -> None:
    number = connection.start("tools/call", _params(user, "execute_bash", command="sleep 300", timeout=400))
    time.sleep(chance.uniform(0, 0.2))
    connection.cancel(number)


def background(connection: Connection, user: str, chance: random.Random) -> None:
    token = f"{chance.getrandbits(64):x}"
    command = f"(sleep 0.2; echo {token} > {token}.log) & echo started"
    _expect(_bash(connection, user, command)["stdout"], "started\n")
    waiting = f"for i in $(seq 100); do test -s {token}.log && break; sleep 0.1; done; cat {token}.log; rm {token}.log"
    _expect(_bash(connection, user, waiting)["stdout"], f"{token}\n")


def artifact(connection: Connection, user: str, chance: random.Random) -> None:
    name, size = f"artifact-{chance.randrange(4)}.bin", chance.randrange(200_000)
    made = _bash(connection, user, f"head -c {size} /dev/urandom > /artifacts/{name}; sha256sum < /artifacts/{name}")
    params = {"uri": f"artifact:///{name}", "_meta": {"x-user-id": user}}
    answer = connection.request("resources/read", params, PATIENCE)
    if "error" in answer:
        raise Failed(answer["error"]["message"])
    contents = answer["result"]["contents"][0]
    data = base64.b64decode(contents["blob"]) if "blob" in contents else contents["text"].encode()
    _expect(f"{hashlib.sha256(data).hexdigest()}  -\n", made["stdout"])


def failure(connection: Connection, user: str, chance: random.Random) -> None:
    code = chance.randrange(1, 100)
    _expect(_bash(connection, user, f"exit {code}")["exit_code"], code)


def _params(user: str, tool: str, **arguments: object) -> Json:
    return {"name": tool, "arguments": arguments, "_meta": {"x-user-id": user}}


def _call(connection: Connection, user: str, tool: str, **arguments: object) -> Json:
    answer = connection.request("tools/call", _params(user, tool, **arguments), PATIENCE)
    if "error" in answer:
        raise Wrong(answer["error"]["message"])
    return answer["result"]


def _text(result: Json) -> str:
    text = result["content"][0]["text"]
    if result.get("isError"):
        raise Failed(text)
    return text


def _bash(connection: Connection, user: str, command: str, timeout: float = 60) -> Json:
    return json.loads(_text(_call(connection, user, "execute_bash", command=command, timeout=timeout)))


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise Wrong(f"{str(found)[:100]!r} instead of {str(expected)[:100]!r}")
