"""The connection: many requests in flight, threads, forks, losses, and what the package costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.scripted_bridge import Refusal, Request, ScriptedBridge, Silence, text


def echo(request: Request) -> Any:
    return text(str(request.params["arguments"]["name"]))


def test_answers_in_any_order_reach_who_asked(bridge: ScriptedBridge) -> None:
    from servers import shop

    held: list[Request] = []
    lock = threading.Lock()

    def hold(request: Request) -> Any:
        with lock:
            held.append(request)
            if len(held) < 20:
                raise Silence
        for one in reversed(held[:-1]):
            one.connection.send(json.dumps({"id": one.id, "result": echo(one)}).encode() + b"\n")
        return echo(request)

    bridge.tools["one"] = hold
    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(shop.one, map(str, range(20)))) == [str(at) for at in range(20)]
    assert len(bridge.connections) == 1


def test_many_threads_make_many_calls_on_one_connection(bridge: ScriptedBridge) -> None:
    from servers import shop

    bridge.tools["one"] = echo
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(shop.one, map(str, range(800)))) == [str(at) for at in range(800)]
    assert len(bridge.connections) == 1
    assert len({request.id for request in bridge.requests}) == 800


def test_large_requests_and_results_pass_each_other(bridge: ScriptedBridge) -> None:
    from servers import shop

    bridge.tools["one"] = echo
    names = [str(at) * (3_000_000 + at) for at in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(shop.one, names)) == names


def test_answers_arrive_in_pieces_of_any_size(bridge: ScriptedBridge) -> None:
    from servers import shop

    def dribble(request: Request) -> Any:
        line = json.dumps({"id": request.id, "result": text("é" * 20)}, ensure_ascii=False).encode() + b"\n\n\r\n"
        for at in range(0, len(line), 3):
            request.connection.send(line[at : at + 3])
        raise Silence

    bridge.tools["one"] = dribble
    assert [shop.one("a") for _ in range(3)] == ["é" * 20] * 3


def test_answers_that_nobody_waits_for_are_ignored(bridge: ScriptedBridge) -> None:
    from servers import shop

    def chatter(request: Request) -> Any:
        for line in (b'{"id": 999, "result": 1}', b'{"id": "x", "error": {}}', b'{"method": "progress"}', b"  "):
            request.connection.send(line + b"\n")
        return echo(request)

    bridge.tools["one"] = chatter
    assert shop.one("a") == "a"


@pytest.mark.parametrize("line", [b"no json", b"[1]", b"3", b'{"id": 1', b"\xff\xfe", b"[" * 200_000])
def test_an_unreadable_answer_ends_the_connection_with_an_error(bridge: ScriptedBridge, line: bytes) -> None:
    from servers import ProtocolError, shop

    def garble(request: Request) -> Any:
        request.connection.send(line + b"\n")
        raise Silence

    bridge.tools["slow"] = garble
    bridge.tools["one"] = echo
    with pytest.raises(ProtocolError, match="unreadable"):
        shop.slow(seconds=1)
    assert shop.one("still here") == "still here"


def test_a_call_whose_connection_ends_may_have_happened_and_is_not_repeated(bridge: ScriptedBridge) -> None:
    from servers import ToolInterrupted, shop

    def leave(request: Request) -> Any:
        request.connection.close()
        raise Silence

    bridge.tools["slow"] = leave
    with pytest.raises(ToolInterrupted, match=r"my shop\.slow: .*may have happened"):
        shop.slow(seconds=1)
    assert len(bridge.calls()) == 1
    bridge.tools["slow"] = text("after")
    assert shop.slow(seconds=1) == "after"


def test_a_question_whose_connection_ends_is_asked_again(bridge: ScriptedBridge) -> None:
    from servers import list_servers

    def leave_once(request: Request) -> Any:
        if len(bridge.requests) == 1:
            request.connection.close()
            raise Silence
        return {"servers": []}

    bridge.handlers["servers"] = leave_once
    assert list_servers() == []
    assert len(bridge.requests) == 2


def test_a_connection_that_was_closed_while_idle_is_replaced(bridge: ScriptedBridge) -> None:
    from servers import shop

    bridge.tools["one"] = echo
    assert shop.one("before") == "before"
    bridge.connections[0].close()
    assert bridge.closed.acquire(timeout=30)
    assert shop.one("after") == "after"
    assert len(bridge.calls()) == 2


def test_a_refused_connection_says_why(bridge: ScriptedBridge) -> None:
    from servers import BudgetExceeded, shop

    bridge.last_words = b'{"id": null, "error": {"type": "BudgetExceeded", "message": "64 connections are open."}}\n'
    with pytest.raises(BudgetExceeded, match=r"my shop\.one: 64 connections are open\."):
        shop.one("a")


def test_a_bridge_that_always_hangs_up_is_an_error(bridge: ScriptedBridge) -> None:
    from servers import ServerUnavailable, ToolInterrupted, shop

    bridge.last_words = b""
    with pytest.raises((ServerUnavailable, ToolInterrupted)):
        shop.one("a")


def test_a_forked_process_has_a_connection_of_its_own(bridge: ScriptedBridge, run_python: Any) -> None:
    bridge.tools["one"] = echo
    script = """
import os
from servers import shop
assert shop.one("parent") == "parent"
children = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        assert shop.one(f"child {number}") == f"child {number}"
        os._exit(0)
    children.append(pid)
assert shop.one("parent again") == "parent again"
print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children])
assert shop.one("after") == "after"
"""
    run = run_python(script, "-W", "error")
    assert (run.stdout, run.stderr) == ("[0, 0, 0]\n", "")
    assert len(bridge.connections) == 4


def test_processes_of_multiprocessing_call_tools(bridge: ScriptedBridge, run_python: Any) -> None:
    bridge.tools["one"] = echo
    bridge.tools["none"] = text("broken", isError=True)
    script = """
import multiprocessing
from servers import ToolError, shop
def fail(_): shop.none()
if __name__ == "__main__":
    print(shop.one("parent"))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(shop.one, ["a", "b", "c"]))
        try:
            pool.map(fail, [1])
        except ToolError as error:
            print(error)
"""
    run = run_python(script)
    assert (run.stdout, run.stderr) == ("parent\n['a', 'b', 'c']\nmy shop.none: broken\n", "")


def test_no_thread_is_left_or_needed(bridge: ScriptedBridge, run_python: Any) -> None:
    bridge.tools["one"] = echo
    script = """
import os
from servers import shop
shop.one("a")
print(len(os.listdir("/proc/self/task")))
"""
    assert run_python(script).stdout == "1\n"


def test_the_socket_is_not_inherited_and_is_closed(bridge: ScriptedBridge, run_python: Any) -> None:
    bridge.tools["one"] = echo
    script = """
import subprocess
from servers import shop
shop.one("a")
print(subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True, close_fds=False).stdout.split())
"""
    assert run_python(script, "-X", "dev").stdout == "['0', '1', '2', '3']\n"
    assert bridge.closed.acquire(timeout=30)


def test_an_interrupt_ends_the_wait_and_the_call(bridge: ScriptedBridge, environment: dict[str, str]) -> None:
    begun = threading.Event()

    def hang(request: Request) -> Any:
        begun.set()
        raise Silence

    bridge.tools["slow"] = hang
    bridge.tools["one"] = echo
    script = """
from servers import shop
try:
    shop.slow(seconds=1)
except KeyboardInterrupt:
    print(shop.one("after"))
"""
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    assert begun.wait(30)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0] == "after\n"
    assert bridge.closed.acquire(timeout=30)


def test_an_alarm_in_a_script_ends_the_call(bridge: ScriptedBridge, run_python: Any) -> None:
    def hang(request: Request) -> Any:
        os.kill(request.params["arguments"]["seconds"], signal.SIGALRM)
        raise Silence

    bridge.tools.update(slow=hang, one=text("ready"))
    script = """
import os, signal
from servers import shop
def alarm(*_): raise TimeoutError("too slow")
signal.signal(signal.SIGALRM, alarm)
# Imports ignore such an error.
shop.one("x")
try:
    shop.slow(seconds=os.getpid())
except TimeoutError as error:
    print(error)
"""
    assert run_python(script).stdout == "too slow\n"
    assert bridge.closed.acquire(timeout=30)


def test_the_kernel_sees_the_process_that_calls(bridge: ScriptedBridge, run_python: Any) -> None:
    import socket
    import struct

    seen: list[int] = []

    def look(request: Request) -> Any:
        credentials = request.connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        seen.append(struct.unpack("iII", credentials)[0])
        return text("seen")

    bridge.tools["one"] = look
    pid = run_python("import os; from servers import shop; shop.one('a'); print(os.getpid())").stdout
    assert seen == [int(pid)]


def test_the_import_takes_nothing_that_is_slow(installed: Any, run_python: Any) -> None:
    script = """
import os, sys
before = set(sys.modules)
from servers import call_tool, shop
print(*set(sys.modules) - before)
"""
    assert set(run_python(script).stdout.split()) <= {
        "servers",
        "servers.shop",
        "servers._runtime",
        "servers._bridge",
        "servers._connection",
        "servers._errors",
        "servers._lines",
        "_socket",
        "_struct",
        "atexit",
        "importlib",
        "importlib._bootstrap",
        "importlib._bootstrap_external",
        "warnings",
    }


def test_an_error_of_the_bridge_leaves_the_connection_usable(bridge: ScriptedBridge) -> None:
    from servers import ToolDenied, shop

    def refuse(request: Request) -> Any:
        raise Refusal("ToolDenied", "not allowed.")

    bridge.tools["slow"] = refuse
    bridge.tools["one"] = echo
    for _ in range(3):
        with pytest.raises(ToolDenied):
            shop.slow(seconds=1)
        assert shop.one("a") == "a"
    assert len(bridge.connections) == 1


def test_a_path_may_name_the_socket(installed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from servers import _bridge

    monkeypatch.setenv("MCP_BRIDGE", "/run/bridge")
    assert _bridge.address() == b"/run/bridge"
    monkeypatch.setenv("MCP_BRIDGE", "@bridge")
    assert _bridge.address() == b"\0bridge"
    assert os.fsdecode(_bridge.address()[1:]) == "bridge"
