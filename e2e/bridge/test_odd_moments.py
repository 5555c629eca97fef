"""Calls in places where a script seldom makes them: signal handlers, finalizers, threads that end the program."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest
from support.scripted_bridge import Refusal, Request, ScriptedBridge, Silence, text

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    "inside",
    [
        "shop.one('inner')",
        "together(shop.one, ['inner'] * 3)[0]",
        "list_tools('shop') and 'inner'",
        "asyncio.new_event_loop().run_until_complete(shop.one.aio('inner'))",
    ],
)
def test_a_signal_handler_may_call_tools_while_a_call_waits(
    bridge: ScriptedBridge, run_python: RunPython, inside: str
) -> None:
    made = threading.Event()

    def one(request: Request) -> Any:
        name = request.params["arguments"]["name"]
        if name == "outer":
            os.kill(request.params["arguments"]["times"], signal.SIGALRM)
            assert made.wait(30)
        else:
            made.set()
        return text(name)

    def tools(request: Request) -> Any:
        made.set()
        return {"tools": [{"name": "one", "signature": "one(name)"}]}

    bridge.tools["one"] = one
    bridge.handlers["tools"] = tools
    script = f"""
import asyncio, os, signal
from servers import list_tools, shop, together
signal.signal(signal.SIGALRM, lambda *_: print({inside}, flush=True))
print(shop.one("outer", times=os.getpid()))
print(shop.one("inner"))
"""
    run = run_python(script)
    assert (run.stdout, run.stderr) == ("inner\nouter\ninner\n", "")


def test_an_error_in_a_signal_handler_ends_the_call(bridge: ScriptedBridge, run_python: RunPython) -> None:
    def fail(request: Request) -> Any:
        raise Refusal("ToolError", "no such order")

    def wait(request: Request) -> Any:
        os.kill(request.params["arguments"]["seconds"], signal.SIGALRM)
        raise Silence

    bridge.tools.update(slow=wait, one=fail, find=text("ready"))
    script = """
import os, signal
from servers import shop, ToolError
signal.signal(signal.SIGALRM, lambda *_: shop.one("x"))
shop.find(query="x")
try:
    shop.slow(os.getpid())
except ToolError as error:
    print(error.text)
"""
    assert run_python(script).stdout == "no such order\n"
    for connection in bridge.connections:
        assert bridge.closed.acquire(timeout=30), connection
    assert len(bridge.connections) == 2


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        ("sys.exit('bad input')", 1, "bad input"),
        ("sys.exit(3)", 3, ""),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
        ("raise asyncio.CancelledError", 1, "CancelledError"),
        ("raise GeneratorExit", 1, "GeneratorExit"),
    ],
)
@pytest.mark.parametrize("errors", ["raise", "return"])
def test_what_ends_the_script_is_not_a_result(
    bridge: ScriptedBridge, run_python: RunPython, end: str, status: int, said: str, errors: str
) -> None:
    waiting = threading.Event()

    def one(request: Request) -> Any:
        waiting.set()
        assert request.cancelled.wait(30)
        return text("late")

    def two(request: Request) -> Any:
        assert waiting.wait(30)
        return text("now")

    bridge.tools.update(one=one, find=two)
    script = f"""
import asyncio, sys, threading
from servers import shop, together
def work(number):
    if threading.current_thread() is threading.main_thread():
        return shop.one("waits")
    shop.find(query="x")
    {end}
print(together(work, range(9), at_once=2, errors={errors!r}))
"""
    run = run_python(script)
    assert run.returncode in (status, -2 if status == 130 else status), run.stderr
    assert run.stdout == ""
    assert said in run.stderr


def test_an_awaited_call_that_ends_the_script_is_not_awaited_forever(bridge: ScriptedBridge) -> None:
    from servers import _together

    def work() -> None:
        raise SystemExit(3)

    async def run() -> None:
        await asyncio.wait_for(_together.in_thread(work), 30)

    with pytest.raises(SystemExit):
        asyncio.run(run())


def test_together_makes_the_calls_of_an_awaited_tool(bridge: ScriptedBridge) -> None:
    from servers import shop, together

    bridge.tools["one"] = lambda request: text(request.params["arguments"]["name"])
    assert together(shop.one.aio, ["a", {"name": "b"}]) == ["a", "b"]


def test_together_refuses_other_awaited_functions(bridge: ScriptedBridge) -> None:
    from servers import ToolInputError, shop, together

    async def coroutine(name: str) -> None:
        raise AssertionError

    class Callable:
        async def __call__(self, name: str) -> None:
            raise AssertionError

    for function in (coroutine, Callable(), lambda name: shop.one.aio(name), lambda name: coroutine(name)):
        with pytest.raises(ToolInputError, match="async"):
            together(function, ["a"])
    assert bridge.requests == []


@pytest.mark.parametrize("seconds", [0.05, 0.0])
def test_a_default_timeout_of_the_script_is_not_that_of_calls(
    bridge: ScriptedBridge, run_python: RunPython, seconds: float
) -> None:
    def one(request: Request) -> Any:
        threading.Event().wait(0.3)
        return text("done")

    bridge.tools["one"] = one
    script = f"""
import socket; socket.setdefaulttimeout({seconds})
from servers import _bridge, shop
print(shop.one("x"), _bridge.open_socket().gettimeout())
"""
    run = run_python(script)
    assert (run.stdout, run.stderr) == ("done None\n", "")


@pytest.mark.parametrize("waiting", [1, 3])
def test_an_error_without_an_id_fails_every_call_that_waits(bridge: ScriptedBridge, waiting: int) -> None:
    from servers import ProtocolError, shop, together

    held: list[Request] = []
    lock = threading.Lock()

    def hold(request: Request) -> Any:
        with lock:
            held.append(request)
            if len(held) == waiting:
                error = b'{"id": null, "error": {"type": "ProtocolError", "message": "unreadable"}}\n'
                request.connection.send(error)
        raise Silence

    bridge.tools["one"] = hold
    results = together(shop.one, ["a"] * waiting, errors="return")
    assert [type(result) for result in results] == [ProtocolError] * waiting
    bridge.tools["one"] = text("after")
    assert shop.one("a") == "after"
