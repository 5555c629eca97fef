"""Several calls at a time, and calls that are awaited."""

import os
from _thread import allocate_lock, get_ident, start_new_thread

from servers import _bridge, _connection, _errors

# The server lets one command make this many calls at the same time; more would only wait there.
_AIO_THREADS = 8
# The flag of a coroutine function's code.
_COROUTINE = 0x80
_IS_ASYNC = "together calls functions that aren't async: pass the tool itself, or use asyncio.gather."


def together(function, arguments, at_once=8, errors="raise"):
    if errors not in ("raise", "return"):
        raise _errors.ToolInputError('errors must be "raise" or "return".')
    if isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1:
        raise _errors.ToolInputError("at_once must be a positive integer.")
    if isinstance(function, str):
        from servers import _helpers

        function = _helpers.named_tool(function)
    function = _plain(function)
    if isinstance(arguments, dict):
        raise _errors.ToolInputError("together needs a list with one entry per call, such as [{...}, {...}].")
    _bridge.leave_if_interrupted()
    batch = _Batch(function, list(arguments), stops_at_error=errors == "raise")
    batch.run(min(at_once, len(batch.arguments)))
    return batch.results if errors == "return" else batch.checked_results()


def _plain(function):
    """Returns a function that can be called without `await`: that of a tool, if it is the awaited one."""
    from servers import _runtime

    if getattr(function, "__func__", None) is _runtime.Tool.aio:
        return function.__self__
    if getattr(getattr(function, "__code__", None), "co_flags", 0) & _COROUTINE:
        raise _errors.ToolInputError(_IS_ASYNC)
    return function


class _Batch:
    def __init__(self, function, arguments, stops_at_error):
        self.arguments = arguments
        self.results = [None] * len(arguments)
        self._function = function
        self._stops_at_error = stops_at_error
        self._failed = set()
        # What ends the script, raised by a call in another thread: SystemExit, for example.
        self._ending = None
        self._main = get_ident()
        self._lock = allocate_lock()
        self._next = 0
        self._tickets = []
        self._workers = 0
        # Released when the last worker ends.
        self._done = allocate_lock()

    def run(self, count):
        self._workers = 1
        self._done.acquire()
        try:
            for _ in range(count - 1):
                with self._lock:
                    self._workers += 1
                try:
                    start_new_thread(self._work, ())
                except RuntimeError:
                    # The sandbox has no room for another thread. Those that there are do the work.
                    self._leave()
                    break
            # Signals reach the main thread only: it makes calls as well, so that it is never idle.
            self._work()
            while not self._done.acquire(True, _connection.WAIT_SECONDS):
                pass
        except BaseException:
            self._stop()
            raise
        if self._ending is not None:
            raise self._ending

    def checked_results(self):
        if not self._failed:
            return self.results
        index = min(self._failed)
        error = self.results[index]
        error.index = index
        error.results = [None if at in self._failed else value for at, value in enumerate(self.results)]
        raise error

    def _work(self):
        before = getattr(_connection.current, "ticket", None)
        ticket = _connection.current.ticket = _connection.Ticket()
        with self._lock:
            self._tickets.append(ticket)
        try:
            while True:
                with self._lock:
                    index = self._next
                    if index >= len(self.arguments) or ticket.is_cancelled:
                        return
                    self._next += 1
                self._call(index)
        finally:
            _connection.current.ticket = before
            self._leave()

    def _call(self, index):
        entry = self.arguments[index]
        try:
            value = self._function(**entry) if isinstance(entry, dict) else self._function(entry)
            if hasattr(type(value), "__await__"):
                if hasattr(value, "close"):
                    value.close()
                raise _errors.ToolInputError(_IS_ASYNC)
            self.results[index] = value
        except Exception as error:
            self.results[index] = error
            with self._lock:
                self._failed.add(index)
                if self._stops_at_error:
                    # Calls that run are left to end, since they may change something.
                    self._next = len(self.arguments)
        except BaseException as error:
            if get_ident() == self._main:
                raise
            with self._lock:
                self._ending = self._ending or error
            self._stop()

    def _leave(self):
        with self._lock:
            self._workers -= 1
            is_last = self._workers == 0
        if is_last:
            self._done.release()

    def _stop(self):
        """Cancels everything, because the script was interrupted."""
        with self._lock:
            self._next = len(self.arguments)
            tickets = list(self._tickets)
        for ticket in tickets:
            ticket.cancel()


class _Pool:
    """Threads for awaited calls. They end when nothing waits, so that none is left at the end of a script."""

    def __init__(self):
        self._lock = allocate_lock()
        self._tasks = []
        self._threads = 0

    def submit(self, task):
        with self._lock:
            self._tasks.append(task)
            if self._threads >= _AIO_THREADS:
                return
            self._threads += 1
        try:
            start_new_thread(self._work, ())
        except RuntimeError:
            with self._lock:
                self._threads -= 1
                if self._threads:
                    return
                self._tasks.remove(task)
            raise _errors.ToolError("not enough memory for another thread.") from None

    def _work(self):
        while True:
            with self._lock:
                if not self._tasks:
                    self._threads -= 1
                    return
                task = self._tasks.pop(0)
            task()


_pool = _Pool()


def _new_pool():
    """A forked process has none of the threads."""
    global _pool
    _pool = _Pool()


os.register_at_fork(after_in_child=_new_pool)


async def in_thread(work):
    """Awaits `work()`, which runs in a thread. If the await is cancelled, so are the requests of `work`."""
    import asyncio

    _bridge.leave_if_interrupted()
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    ticket = _connection.Ticket()

    def settle(result, error):
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def task():
        result = error = None
        _connection.current.ticket = ticket
        try:
            if not ticket.is_cancelled:
                result = work()
        except BaseException as caught:
            # Whatever it is, who awaits it must not wait forever.
            error = caught
        finally:
            _connection.current.ticket = None
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            # The loop has ended, and with it all waiters.
            pass

    _pool.submit(task)
    try:
        return await future
    except asyncio.CancelledError:
        ticket.cancel()
        raise
