"""The event loop's poller: watches descriptors and dispatches their events to handlers."""

import select


class PollSet:
    """Uses epoll, and falls back to the slower poll: the kernel limits epoll watches per user across the whole machine,
    so other processes can exhaust them.
    """

    def __init__(self):
        self._handlers = {}
        self._added = 0
        # The descriptors that epoll refused, which poll watches.
        self._refused = set()
        try:
            self._epoll = select.epoll()
        except OSError:
            self._epoll = None

    def on(self, descriptor, events, handler):
        """Registers `handler(events)` for the descriptor; replaces an earlier handler."""
        before = self._handlers.get(descriptor)
        if before is None:
            self._added += 1
            self._add(descriptor, events)
        self._handlers[descriptor] = events, handler, before[2] if before else self._added
        if before is None:
            return
        if before[0] != events and descriptor not in self._refused:
            self._epoll.modify(descriptor, events)

    def off(self, descriptor):
        """Stops watching the descriptor, which must still be open."""
        if not self._handlers.pop(descriptor, None):
            return
        if descriptor in self._refused:
            self._refused.discard(descriptor)
        else:
            self._epoll.unregister(descriptor)

    def wait(self, seconds):
        """Waits for events for at most `seconds` (None: forever) and calls their handlers.

        Returns whether there were any events.
        """
        is_simple = self._epoll and not self._refused
        ready = self._epoll.poll(seconds) if is_simple else self._wait_for_all(seconds)
        newest = self._added
        for descriptor, events in ready:
            # A handler called before may have closed this descriptor and registered a new one of the same number.
            found = self._handlers.get(descriptor)
            if found and found[2] <= newest:
                found[1](events)
        return bool(ready)

    def _add(self, descriptor, events):
        try:
            if self._epoll:
                self._epoll.register(descriptor, events)
                return
        except OSError:
            pass
        self._refused.add(descriptor)

    def _wait_for_all(self, seconds):
        # The event flags of poll have the same values as those of epoll.
        poll = select.poll()
        for descriptor in self._refused:
            poll.register(descriptor, self._handlers[descriptor][0])
        if self._epoll:
            poll.register(self._epoll.fileno(), select.POLLIN)
        ready = poll.poll(None if seconds is None else int(seconds * 1000) + 1)
        others = [event for event in ready if not self._epoll or event[0] != self._epoll.fileno()]
        return others + (self._epoll.poll(0) if len(others) < len(ready) else [])
