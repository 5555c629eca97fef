import Testing

/// Which handlers the guest's event loop calls, also if other processes have exhausted the system's epoll watches.
@Suite(.timeLimit(.minutes(3))) struct GuestEventLoopTests {
    /// How much of epoll is available: all of it, none of it, or only enough for some descriptors.
    static let machines = [
        "pass",
        """
        def refuse(*_): raise OSError(24, "Too many open files")
        guest.event_loop.select.epoll = refuse
        """,
        """
        import select
        real = select.epoll
        class Full:
            def __init__(self): self.inner, self.room = real(), 1
            def register(self, *arguments):
                if self.room == 0: raise OSError(28, "No space left on device")
                self.room -= 1
                self.inner.register(*arguments)
            def unregister(self, descriptor):
                self.inner.unregister(descriptor)
                self.room += 1
            def __getattr__(self, name): return getattr(self.inner, name)
        guest.event_loop.select.epoll = Full
        """,
    ]

    private static let pipes = """
        import select
        loop = guest.event_loop.EventLoop()
        pipes = [os.pipe() for _ in range(3)]
        received = []
        def listen(number, handler=None):
            handler = handler or (lambda events: received.append((number, events)))
            loop.register(pipes[number][0], select.EPOLLIN, handler)
        for number in range(3): listen(number)
        """

    @Test(arguments: machines)
    func handlersReceiveTheEventsOfTheirOwnDescriptorOnly(machine: String) async throws {
        let script = """
            \(Self.pipes)
            print(loop.run_once(0))
            for number in (0, 2): os.write(pipes[number][1], b"x")
            print(loop.run_once(None), sorted(received))
            loop.unregister(pipes[0][0])
            received.clear()
            print(loop.run_once(0.01), received)
            loop.unregister(pipes[2][0])
            print(loop.run_once(0.01))
            listen(0)
            os.close(pipes[1][1])
            received.clear()
            print(loop.run_once(1), sorted(received))
            """
        let expected = "False\nTrue [(0, 1), (2, 1)]\nTrue [(2, 1)]\nFalse\nTrue [(0, 1), (1, 16)]\n"
        #expect(try await GuestModules.run("\(machine)\n\(script)") == expected)
    }

    @Test(arguments: machines)
    func anEventIsNotDeliveredToTheNextOwnerOfItsNumber(machine: String) async throws {
        let script = """
            \(Self.pipes)
            def replace(events):
                # All are ready: the first handler replaces the other descriptors, whose numbers are assigned again.
                for reading, writing in pipes:
                    loop.unregister(reading)
                    os.close(reading)
                    os.close(writing)
                pipes[:] = [os.pipe() for _ in range(3)]
                for number in range(3): listen(number)
            for number in range(3): listen(number, replace)
            for number in range(3): os.write(pipes[number][1], b"x")
            print(loop.run_once(1), received)
            print(loop.run_once(0), received)
            """
        #expect(try await GuestModules.run("\(machine)\n\(script)") == "True []\nFalse []\n")
    }

    @Test(arguments: machines)
    func theEventsOfADescriptorCanChange(machine: String) async throws {
        let script = """
            import socket
            \(Self.pipes)
            ours, theirs = socket.socketpair()
            loop.register(ours.fileno(), select.EPOLLIN, lambda events: received.append(events))
            print(loop.run_once(0))
            loop.register(ours.fileno(), select.EPOLLIN | select.EPOLLOUT, lambda events: received.append(events))
            print(loop.run_once(1), received)
            """
        #expect(try await GuestModules.run("\(machine)\n\(script)") == "False\nTrue [4]\n")
    }
}
