import Testing

/// What the guest waits for, also where the system's room for such watches is taken by others.
@Suite(.timeLimit(.minutes(2))) struct GuestPollSetTests {
    /// How much of epoll there is: all of it, none of it, and so much that some descriptors find no room.
    static let machines = [
        "pass",
        """
        def refuse(*_): raise OSError(24, "Too many open files")
        guest.pollset.select.epoll = refuse
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
        guest.pollset.select.epoll = Full
        """,
    ]

    private static let pipes = """
        import select
        poll = guest.pollset.PollSet()
        pipes = [os.pipe() for _ in range(3)]
        heard = []
        def listen(number, handler=None):
            poll.on(pipes[number][0], select.EPOLLIN, handler or (lambda events: heard.append((number, events))))
        for number in range(3): listen(number)
        """

    @Test(arguments: machines)
    func whoWaitsIsToldOfItsOwnDescriptorAndOfNoOther(machine: String) async throws {
        let script = """
            \(Self.pipes)
            print(poll.wait(0))
            for number in (0, 2): os.write(pipes[number][1], b"x")
            print(poll.wait(None), sorted(heard))
            poll.off(pipes[0][0])
            heard.clear()
            print(poll.wait(0.01), heard)
            poll.off(pipes[2][0])
            print(poll.wait(0.01))
            listen(0)
            os.close(pipes[1][1])
            heard.clear()
            print(poll.wait(1), sorted(heard))
            """
        let expected = "False\nTrue [(0, 1), (2, 1)]\nTrue [(2, 1)]\nFalse\nTrue [(0, 1), (1, 16)]\n"
        #expect(try await GuestModules.run("\(machine)\n\(script)") == expected)
    }

    @Test(arguments: machines)
    func anEventIsNotToldToWhoeverHasTheNumberNext(machine: String) async throws {
        let script = """
            \(Self.pipes)
            def replace(events):
                # Both are ready: who is told first takes the others' places, whose numbers are given out again.
                for reading, writing in pipes:
                    poll.off(reading)
                    os.close(reading)
                    os.close(writing)
                pipes[:] = [os.pipe() for _ in range(3)]
                for number in range(3): listen(number)
            for number in range(3): listen(number, replace)
            for number in range(3): os.write(pipes[number][1], b"x")
            print(poll.wait(1), heard)
            print(poll.wait(0), heard)
            """
        #expect(try await GuestModules.run("\(machine)\n\(script)") == "True []\nFalse []\n")
    }

    @Test(arguments: machines)
    func whatIsWaitedForCanChange(machine: String) async throws {
        let script = """
            import socket
            \(Self.pipes)
            ours, theirs = socket.socketpair()
            poll.on(ours.fileno(), select.EPOLLIN, lambda events: heard.append(events))
            print(poll.wait(0))
            poll.on(ours.fileno(), select.EPOLLIN | select.EPOLLOUT, lambda events: heard.append(events))
            print(poll.wait(1), heard)
            """
        #expect(try await GuestModules.run("\(machine)\n\(script)") == "False\nTrue [4]\n")
    }
}
