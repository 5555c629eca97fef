"""Tools of generated modules: how they are called, and how they look to `help`, `inspect` and a debugger."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import pydoc
import threading
from typing import Any

import pytest
from support.scripted_bridge import Refusal, Request, ScriptedBridge, text


@pytest.mark.parametrize(
    ("call", "tool", "arguments"),
    [
        (lambda shop: shop.find(query="a"), "find", {"query": "a"}),
        (lambda shop: shop.find(query="a", limit=3), "find", {"query": "a", "limit": 3}),
        (lambda shop: shop.find(query="a", limit=...), "find", {"query": "a"}),
        (lambda shop: shop.find(query="a", tags=None), "find", {"query": "a", "tags": None}),
        (lambda shop: shop.find({"query": "a"}), "find", {"query": "a"}),
        (lambda shop: shop.get_order(order_id=1, x_from="b"), "get-order", {"order-id": 1, "from": "b"}),
        (lambda shop: shop.get_order(**{"order-id": 1, "from": "b"}), "get-order", {"order-id": 1, "from": "b"}),
        (lambda shop: shop.get_order({"order-id": 1}), "get-order", {"order-id": 1}),
        (lambda shop: shop.free(a=1, arguments=2, self=3), "free", {"a": 1, "arguments": 2, "self": 3}),
        (lambda shop: shop.free(), "free", {}),
        (lambda shop: shop.one("a"), "one", {"name": "a"}),
        (lambda shop: shop.one("a", times=2), "one", {"name": "a", "times": 2}),
        (lambda shop: shop.one(name="a"), "one", {"name": "a"}),
        (lambda shop: shop.one({"a": 1}), "one", {"name": {"a": 1}}),
        (lambda shop: shop.none(), "none", {}),
        (lambda shop: shop.x_self(self="a", values=[1], index=2), "self", {"self": "a", "values": [1], "index": 2}),
    ],
)
def test_a_tool_receives_what_it_was_given(bridge: ScriptedBridge, call: Any, tool: str, arguments: Any) -> None:
    from servers import shop

    bridge.tools[tool] = text("done")
    assert call(shop) == "done"
    assert bridge.calls() == [{"server": "my shop", "tool": tool, "arguments": arguments}]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda shop: shop.find(), "'query'"),
        (lambda shop: shop.find("a", "b"), "positional"),
        (lambda shop: shop.find(query="a", qurey="b"), "'qurey'"),
        (lambda shop: shop.find({"qurey": "b"}), "positional"),
        (lambda shop: shop.find(query={1, float("nan")}), "nan is no JSON number"),
    ],
)
def test_wrong_arguments_are_an_input_error_with_the_parameters(
    bridge: ScriptedBridge, call: Any, problem: str
) -> None:
    from servers import ToolInputError, shop

    with pytest.raises(ToolInputError) as caught:
        call(shop)
    assert problem in str(caught.value)
    assert str(caught.value).endswith("\nparameters: query*, limit, tags")
    assert (caught.value.server, caught.value.tool) == ("my shop", "find")
    assert bridge.requests == []


def test_the_raw_result_is_there_beside_the_value(bridge: ScriptedBridge) -> None:
    from servers import shop

    bridge.tools["one"] = text("[1]")
    assert shop.one("a") == [1]
    assert shop.one.raw("a") == {"content": [{"type": "text", "text": "[1]"}], "isError": False, "files": []}


def test_a_tool_looks_like_the_function_that_describes_it(installed: object) -> None:
    from servers import shop

    assert str(inspect.signature(shop.one)) == "(name: 'str', *, times: 'int' = Ellipsis) -> 'str'"
    assert inspect.getdoc(shop.find).startswith("find(*, query: str")
    assert shop.find.__name__ == "find"
    assert repr(shop.none) == "<tool my shop.none() -> None>"
    helped = pydoc.plain(pydoc.render_doc(shop.find))
    assert "find(*, query:" in helped
    assert "query: what to look for." in helped
    assert "Tool object" not in helped
    assert "find(*, query:" in pydoc.plain(pydoc.render_doc(shop))
    assert pickle.loads(pickle.dumps(shop.find)) is shop.find


def test_a_call_is_awaited(bridge: ScriptedBridge) -> None:
    from servers import ToolError, shop

    bridge.tools["one"] = lambda request: text(request.params["arguments"]["name"])
    bridge.tools["none"] = text("broken", isError=True)

    async def main() -> list[Any]:
        with pytest.raises(ToolError, match="broken"):
            await shop.none.aio()
        return await asyncio.gather(*(shop.one.aio(str(at)) for at in range(100)))

    assert asyncio.run(main()) == [str(at) for at in range(100)]


def test_awaited_calls_leave_the_loop_free_and_run_at_the_same_time(bridge: ScriptedBridge) -> None:
    from servers import shop

    together = threading.Barrier(8)

    def meet(request: Request) -> Any:
        together.wait(30)
        return text("met")

    bridge.tools["one"] = meet

    async def main() -> list[Any]:
        return await asyncio.gather(*(shop.one.aio("a") for _ in range(8)))

    assert asyncio.run(main()) == ["met"] * 8


def test_cancelling_the_await_cancels_the_call(bridge: ScriptedBridge) -> None:
    from servers import shop

    begun, ended = threading.Event(), threading.Event()

    def wait(request: Request) -> Any:
        begun.set()
        assert request.cancelled.wait(30)
        ended.set()
        return text("too late")

    bridge.tools["slow"] = wait
    bridge.tools["one"] = text("next")

    async def main() -> str:
        task = asyncio.create_task(shop.slow.aio(seconds=1))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await shop.one.aio("a")

    assert asyncio.run(main()) == "next"
    assert ended.wait(30)


def test_cancelled_calls_leave_the_others_their_answers(bridge: ScriptedBridge) -> None:
    from servers import shop

    def answer(request: Request) -> Any:
        name = request.params["arguments"]["name"]
        if name.startswith("never"):
            assert request.cancelled.wait(30)
        return text(name)

    bridge.tools["one"] = answer

    async def main() -> list[Any]:
        async def cancelled(number: int) -> str:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(shop.one.aio(f"never {number}"), 0.002 * (number % 5))
            return "cancelled"

        calls = [cancelled(at) if at % 2 else shop.one.aio(f"call {at}") for at in range(200)]
        return await asyncio.gather(*calls)

    assert asyncio.run(main()) == ["cancelled" if at % 2 else f"call {at}" for at in range(200)]


def test_a_time_limit_of_asyncio_cancels_the_call(bridge: ScriptedBridge) -> None:
    from servers import shop

    begun, ended = threading.Event(), threading.Event()

    def wait(request: Request) -> Any:
        begun.set()
        assert request.cancelled.wait(30)
        ended.set()
        return text("too late")

    bridge.tools["slow"] = wait

    async def main() -> None:
        loop = asyncio.get_running_loop()
        time = loop.time
        call = asyncio.create_task(asyncio.wait_for(shop.slow.aio(seconds=1), 600))
        assert await asyncio.to_thread(begun.wait, 30)
        # The loop's clock jumps, so that the time is not up before the call is made.
        loop.time = lambda: time() + 600
        await call

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(main())
    assert ended.wait(30)


def test_a_tool_without_a_function_is_asked_for_by_its_name(bridge: ScriptedBridge) -> None:
    """It is new, or its server has more than a module holds."""
    from servers import shop

    details = {"name": "brand-new", "docstring": "brand_new(*, a: int)\n\nIs new.", "inputSchema": {}}
    bridge.handlers["tool"] = lambda request: details
    bridge.tools["brand-new"] = text("[1]")
    try:
        assert shop.brand_new(a=1, b=2) == [1]
        assert shop.brand_new.raw()["content"] == [{"type": "text", "text": "[1]"}]
        assert inspect.getdoc(shop.brand_new) == details["docstring"]
        assert repr(shop.brand_new) == "<tool my shop.brand_new(*, a: int)>"
        calls = [request.params for request in bridge.requests if request.method == "call"]
        assert [(call["tool"], call["arguments"]) for call in calls] == [
            ("brand-new", {"a": 1, "b": 2}),
            ("brand-new", {}),
        ]
        assert [request.method for request in bridge.requests].count("tool") == 1
    finally:
        vars(shop).pop("brand_new", None)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ToolNotFound", "The server my shop has no tool gone."),
        ("ServerUnavailable", "The server my shop cannot be started: exit status 7"),
    ],
)
def test_a_missing_function_is_a_missing_attribute_that_says_why(bridge: ScriptedBridge, kind: str, words: str) -> None:
    from servers import shop

    def refuse(request: Any) -> Any:
        raise Refusal(kind, words, didYouMean=["my shop.find"])

    bridge.handlers["tool"] = refuse
    with pytest.raises(AttributeError, match="module 'servers.shop' has no attribute 'gone'") as caught:
        _ = shop.gone
    assert words in str(caught.value) and "did you mean: my shop.find" in str(caught.value)
    assert not hasattr(shop, "gone")
    bridge.requests.clear()
    assert not hasattr(shop, "_gone") and not hasattr(shop, "__path__")
    assert bridge.requests == [], "private names are nobody's tools"
