"""What the guest waits for: descriptors, and who is told when something happens at one."""

import select


class PollSet:
    def __init__(self):
        self._poll = select.epoll()
        self._handlers = {}

    def on(self, descriptor, events, handler):
        """Has `handler` called with what happened, in place of an earlier one."""
        before = self._handlers.get(descriptor)
        if before is None:
            self._poll.register(descriptor, events)
        elif before[0] != events:
            self._poll.modify(descriptor, events)
        self._handlers[descriptor] = events, handler

    def off(self, descriptor):
        """Waits for the descriptor no longer. It must still be open."""
        if self._handlers.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def wait(self, seconds):
        """Waits until something happens, at most so long (None: for ever), and calls who is to be told.

        Returns whether anything has happened.
        """
        ready = self._poll.poll(seconds)
        for descriptor, events in ready:
            # One that was called before may have taken it out.
            found = self._handlers.get(descriptor)
            if found:
                found[1](events)
        return bool(ready)
