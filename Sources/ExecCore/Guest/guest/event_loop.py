"""The event loop's poller: watches descriptors and dispatches their events to handlers."""

import select


class EventLoop:
    """Uses epoll, and falls back to the slower poll: the kernel limits epoll watches per user across the whole machine,
    so other processes can exhaust them.
    """

    def __init__(self):
        self._handlers = {}
        self._registrations = 0
        # The descriptors that epoll refused, which poll watches.
        self._refused = set()
        try:
            self._epoll = select.epoll()
        except OSError:
            self._epoll = None

    def register(self, descriptor, events, handler):
        """Registers `handler(events)` for the descriptor; replaces an earlier handler."""
        previous = self._handlers.get(descriptor)
        if previous is None:
            self._registrations += 1
            self._add(descriptor, events)
        self._handlers[descriptor] = events, handler, previous[2] if previous else self._registrations
        if previous is None:
            return
        if previous[0] != events and descriptor not in self._refused:
            self._epoll.modify(descriptor, events)

    def unregister(self, descriptor):
        """Stops watching the descriptor, which must still be open."""
        if not self._handlers.pop(descriptor, None):
            return
        if descriptor in self._refused:
            self._refused.discard(descriptor)
        else:
            self._epoll.unregister(descriptor)

    def run_once(self, seconds):
        """Waits for events for at most `seconds` (None: forever) and calls their handlers.

        Returns whether there were any events.
        """
        needs_epoll_only = self._epoll and not self._refused
        ready = self._epoll.poll(seconds) if needs_epoll_only else self._poll_all(seconds)
        newest = self._registrations
        for descriptor, events in ready:
            # A handler called before may have closed this descriptor and registered a new one of the same number.
            entry = self._handlers.get(descriptor)
            if entry and entry[2] <= newest:
                entry[1](events)
        return bool(ready)

    def _add(self, descriptor, events):
        try:
            if self._epoll:
                self._epoll.register(descriptor, events)
                return
        except OSError:
            pass
        self._refused.add(descriptor)

    def _poll_all(self, seconds):
        # The event flags of poll have the same values as those of epoll.
        poll = select.poll()
        for descriptor in self._refused:
            poll.register(descriptor, self._handlers[descriptor][0])
        if self._epoll:
            poll.register(self._epoll.fileno(), select.POLLIN)
        ready = poll.poll(None if seconds is None else int(seconds * 1000) + 1)
        events = [event for event in ready if not self._epoll or event[0] != self._epoll.fileno()]
        return events + (self._epoll.poll(0) if len(events) < len(ready) else [])
