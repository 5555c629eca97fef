import Testing

/// Connections out of the sandbox at their ends: what goes wrong in one of them ends that one.
@Suite(.timeLimit(.minutes(3))) struct GuestEgressTests {
    /// A client of the proxy that has asked for a connection and got it, beside another. `at_once` tells the clients of
    /// all that is ready, as one look of epoll does, after `between` has happened.
    private static let heading = """
        import select, socket
        frames, sent = guest.frames, []
        class Loop:
            handlers = {}
            def register(self, descriptor, events, handler): self.handlers[descriptor] = events, handler
            def unregister(self, descriptor): self.handlers.pop(descriptor, None)
        loop = Loop()
        said = []
        calls = guest.guest_calls.GuestCalls(sent.append)
        egress = guest.egress.Egress(loop, calls, said.append, 0)
        class Local:
            def __init__(self):
                self.ours, theirs = socket.socketpair()
                theirs.setblocking(False)
                self.descriptor = theirs.fileno()
                self.client = guest.egress.Client(egress, theirs, 1)
                egress._clients.add(self.client)
            def on_events(self, events):
                if self.descriptor in loop.handlers: loop.handlers[self.descriptor][1](events)
            def connect(self):
                self.ours.send(b"CONNECT host:443 HTTP/1.1\\r\\n\\r\\n")
                self.on_events(select.EPOLLIN)
                self.number = self.client._number
                calls.handle_frame(frames.WINDOW, self.number, (1 << 16).to_bytes(4, "big"))
                return self
        def kinds():
            found = [kind for data in sent for kind, *_ in frames.Decoder().feed(data)]
            sent.clear()
            return found
        one, other = Local().connect(), Local().connect()
        kinds()

        """

    @Test(arguments: ["one.ours.send(b'more')", "one.ours.shutdown(socket.SHUT_WR)", "one.ours.close()"])
    func whatIsReadyWhenTheHostResetsIsNotPassedOn(ready: String) async throws {
        let script = """
            one.client._to_client += b"not read yet" * 100_000
            \(ready)
            calls.handle_frame(frames.FAILURE, one.number, b'{"code": "reset", "message": "gone"}')
            one.on_events(select.EPOLLIN)
            one.on_events(select.EPOLLIN | select.EPOLLOUT | select.EPOLLHUP)
            print([kind for kind in kinds() if kind in (frames.DATA, frames.END, frames.WINDOW)])
            other.ours.send(b"still here")
            other.on_events(select.EPOLLIN)
            print(kinds() == [frames.DATA])
            """
        #expect(try await GuestModules.run(Self.heading + script) == "[]\nTrue\n")
    }

    @Test func whatNobodyHasThoughtOfEndsOneConnection() async throws {
        let script = """
            one.client._response = None
            one.client._write = lambda: 1 / 0
            calls.handle_frame(frames.DATA, one.number, b"\\0data")
            print(len(said), kinds() == [frames.CANCEL], one.client._connection)
            other.ours.send(b"still here")
            other.on_events(select.EPOLLIN)
            print(kinds() == [frames.DATA])
            """
        #expect(try await GuestModules.run(Self.heading + script) == "1 True None\nTrue\n")
    }
}
