"""Several calls at a time: order, limits, errors, interruption."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from support.scripted_bridge import Request, ScriptedBridge, Silence, text


def test_results_come_in_the_order_of_the_arguments(bridge: ScriptedBridge) -> None:
    from servers import shop, together

    last = threading.Event()

    def answer(request: Request) -> Any:
        name = request.params["arguments"]["name"]
        if name == "0":
            assert last.wait(30)
        elif name == "9":
            last.set()
        return text(name)

    bridge.tools["one"] = answer
    assert together(shop.one, [{"name": str(at)} for at in range(10)]) == [str(at) for at in range(10)]


@pytest.mark.parametrize("at_once", [1, 3, 8, 100])
def test_no_more_calls_run_at_once_than_allowed(bridge: ScriptedBridge, at_once: int) -> None:
    from servers import shop, together

    running, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    def answer(request: Request) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == min(at_once, 12):
                full.set()
        full.wait(30)
        with lock:
            running -= 1
        return text("done")

    bridge.tools["one"] = answer
    assert together(shop.one, ["a"] * 12, at_once=at_once) == ["done"] * 12
    assert most == min(at_once, 12)


@pytest.mark.parametrize(
    ("function", "entries", "sent"),
    [
        ("my shop.one", [{"name": "a"}], {"server": "my shop", "tool": "one", "arguments": {"name": "a"}}),
        ("shop__one", [{"name": "a"}], {"tool": "shop__one", "arguments": {"name": "a"}}),
        (None, ["a"], {"server": "my shop", "tool": "one", "arguments": {"name": "a"}}),
        (None, iter([{"name": "a"}]), {"server": "my shop", "tool": "one", "arguments": {"name": "a"}}),
    ],
)
def test_an_entry_is_the_arguments_or_the_only_argument(
    bridge: ScriptedBridge, function: Any, entries: Any, sent: Any
) -> None:
    from servers import shop, together

    bridge.tools["one"] = bridge.tools["shop__one"] = text("done")
    assert together(function or shop.one, entries) == ["done"]
    assert bridge.calls() == [sent]


def test_any_function_is_called(bridge: ScriptedBridge) -> None:
    from servers import together

    assert together(lambda number: number * 2, range(5)) == [0, 2, 4, 6, 8]
    assert together(len, []) == []


def fail_at_2(request: Request) -> Any:
    name = request.params["arguments"]["name"]
    return text("broken " + name, isError=True) if name == "2" else text(name)


def test_an_error_ends_it_and_says_what_was_done(bridge: ScriptedBridge) -> None:
    from servers import ToolError, shop, together

    bridge.tools["one"] = fail_at_2
    with pytest.raises(ToolError, match="broken 2") as caught:
        together(shop.one, [str(at) for at in range(100)], at_once=1)
    assert caught.value.index == 2
    assert caught.value.results == ["0", "1"] + [None] * 98
    assert len(bridge.calls()) == 3


def test_errors_are_values_if_asked_for(bridge: ScriptedBridge) -> None:
    from servers import ToolError, shop, together

    bridge.tools["one"] = fail_at_2
    results = together(shop.one, [str(at) for at in range(5)], errors="return")
    assert [type(result) for result in results] == [str, str, ToolError, str, str]


@pytest.mark.parametrize("options", [{"at_once": 0}, {"at_once": True}, {"errors": "ignore"}])
def test_options_are_checked(bridge: ScriptedBridge, options: Any) -> None:
    from servers import ToolInputError, shop, together

    with pytest.raises(ToolInputError):
        together(shop.one, ["a"], **options)
    with pytest.raises(ToolInputError, match="list"):
        together(shop.one, {"name": "a"})


def test_an_interrupt_cancels_every_call(bridge: ScriptedBridge, environment: dict[str, str]) -> None:
    begun = threading.Semaphore(0)

    def hang(request: Request) -> Any:
        begun.release()
        raise Silence

    bridge.tools["slow"] = hang
    script = "from servers import shop, together; together(shop.slow, [1.0] * 20, at_once=4)"
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True)
    for _ in range(4):
        assert begun.acquire(timeout=30)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
    # The end of the connection, or a message, cancels each of them.
    assert bridge.closed.acquire(timeout=30)
    assert len(bridge.calls()) == 4
