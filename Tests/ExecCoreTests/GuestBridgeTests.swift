import Testing

/// The guest's end of the bridge: which command a connection belongs to, and what becomes of it.
@Suite(.timeLimit(.minutes(3))) struct GuestBridgeTests {
    /// A bridge with a socket of its own, whose channel is the list `sent`. `started` makes a command that has this
    /// process as its worker.
    private static let heading = """
        import os, select, socket, types
        frames, sent, said = guest.frames, [], []
        loop, active = guest.event_loop.EventLoop(), guest.active_calls.ActiveCalls()
        calls = guest.guest_calls.GuestCalls(sent.append)
        name = f"@exec-mcp-test-{os.getpid()}"
        bridge = guest.bridge.Bridge(loop, calls, said.append, active, name)
        def started(number, kind=guest.commands.Command):
            call = kind(number, "execute", {})
            call.worker = types.SimpleNamespace(pid=os.getpid())
            active.add(call)
            return call
        def connect():
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(30)
            client.connect(name.replace("@", "\\0"))
            return client
        def turn():
            while loop.run_once(0): pass
        def arrived():
            turn()
            found = [frame for data in sent for frame in frames.Decoder().feed(data)]
            sent.clear()
            return found
        def opened():
            "A client, and the number of its call, which the server has opened."
            client = connect()
            [(kind, number, payload)] = arrived()
            calls.handle_frame(frames.WINDOW, number, (1 << 16).to_bytes(4, "big"))
            return client, number

        """

    private func run(_ script: String) async throws -> String {
        try await GuestModules.run(Self.heading + script)
    }

    /// A session of its own hides the process that connects as little as the process between.
    @Test func aConnectionBelongsToTheCommandAboveItsProcess() async throws {
        let script = """
            def command_of_grandchild():
                ready, go = os.pipe()
                if os.fork() == 0:
                    os.setsid()
                    pid = os.fork()
                    if pid == 0:
                        client = connect()
                        os.read(ready, 1)
                        os._exit(0)
                    os.waitpid(pid, 0)
                    os._exit(0)
                found = []
                while not found:
                    loop.run_once(30)
                    found = [payload for kind, _, payload in arrived() if kind == frames.CALL]
                os.write(go, b".")
                os.wait()
                return frames.json_value(found[0])
            print(command_of_grandchild())
            call = started(7)
            print(command_of_grandchild())
            active.remove(call)
            print(command_of_grandchild())
            started(8, guest.file_operations.FileOperation)
            print(command_of_grandchild())
            """
        let expected = """
            {'method': 'bridge', 'params': {'command': None}}
            {'method': 'bridge', 'params': {'command': 7}}
            {'method': 'bridge', 'params': {'command': None}}
            {'method': 'bridge', 'params': {'command': None}}

            """
        #expect(try await run(script) == expected)
    }

    /// A process that hands its connection to another and is gone before the guest looks can't be attributed.
    @Test(arguments: ["", "os.setsid()", "if os.fork() > 0: os._exit(0)"])
    func aConnectionOfAProcessThatIsGoneIsRefused(before: String) async throws {
        let script = """
            import signal
            # Nobody waits for the processes, so that nothing is left of them.
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            started(7)
            ours, theirs = socket.socketpair()
            if os.fork() == 0:
                \(before)
                client = connect()
                socket.send_fds(theirs, [str(os.getpid()).encode()], [client.fileno()])
                os._exit(0)
            pid, [descriptor], _, _ = socket.recv_fds(ours, 100, 1)
            while os.path.exists(f"/proc/{int(pid)}"):
                select.select([], [], [], 0.01)
            client = socket.socket(fileno=descriptor)
            client.sendall(b'{"id": 1}\\n')
            print(arrived(), b"ToolInterrupted" in client.recv(1000), bridge._clients)
            """
        #expect(try await run(script) == "[] True set()\n")
    }

    @Test func bytesPassBothWaysInWindows() async throws {
        let script = """
            client = connect()
            client.sendall(b'{"id": 1}\\n')
            [(_, number, _)] = arrived()
            # Nothing is read before the server has opened the call.
            for size in (4, 100):
                calls.handle_frame(frames.WINDOW, number, size.to_bytes(4, "big"))
                print([payload for kind, _, payload in arrived() if kind == frames.DATA])
            calls.handle_frame(frames.DATA, number, b"\\0answer\\n")
            print(client.recv(100))
            client.shutdown(socket.SHUT_WR)
            print(arrived() == [(frames.END, number, b"")])
            calls.handle_frame(frames.DATA, number, b"\\0" + b"x" * 100_000)
            calls.handle_frame(frames.END, number, b"")
            calls.handle_frame(frames.RESULT, number, b"{}")
            size = 0
            while data := client.recv(1 << 20):
                size += len(data)
                turn()
            print(size, bridge._clients, calls._handlers)
            """
        let expected = #"""
            [b'\x00{"id']
            [b'\x00": 1}\n']
            b'answer\n'
            True
            100000 set() {}

            """#
        #expect(try await run(script) == expected)
    }

    @Test func aClientThatReadsNothingStopsOnlyItself() async throws {
        let script = """
            (lazy, lazy_number), (other, other_number) = opened(), opened()
            calls.handle_frame(frames.DATA, lazy_number, b"\\0" + b"x" * 131_072)
            granted = sum(int.from_bytes(frame[2], "big") for frame in arrived())
            calls.handle_frame(frames.DATA, lazy_number, b"\\0" + b"x" * granted)
            print(arrived())
            calls.handle_frame(frames.DATA, other_number, b"\\0answer")
            other.sendall(b"more")
            print(other.recv(100), arrived() == [(frames.DATA, other_number, b"\\0more")])
            """
        let lines = try await run(script).split(separator: "\n").map(String.init)
        #expect(lines.last == "b'answer' True")
    }

    @Test func theEndOfACommandEndsItsConnectionsAlone() async throws {
        let script = """
            background, background_number = opened()
            call = started(7)
            mine, number = opened()
            active.remove(call)
            print(arrived() == [(frames.CANCEL, number, b"")], mine.recv(1))
            calls.handle_frame(frames.RESULT, number, b"{}")
            background.sendall(b"on")
            print(arrived() == [(frames.DATA, background_number, b"\\0on")], len(bridge._clients))
            """
        #expect(try await run(script) == "True b''\nTrue 1\n")
    }

    @Test(arguments: ["client.close()", "client.sendall(b'half a line'); client.close()"])
    func aLostClientCancelsItsCall(loss: String) async throws {
        let script = """
            client, number = opened()
            \(loss)
            print(arrived()[-1] == (frames.CANCEL, number, b""))
            calls.handle_frame(frames.FAILURE, number, b'{"code": "lost", "message": "gone"}')
            print(bridge._clients, calls._handlers)
            """
        #expect(try await run(script) == "True\nset() {}\n")
    }

    @Test func aRefusedConnectionSaysWhy() async throws {
        let script = """
            client = connect()
            [(_, number, _)] = arrived()
            calls.handle_frame(frames.FAILURE, number, b'{"code": "busy", "message": "Too many."}')
            print(client.recv(1000), client.recv(1000))
            """
        let line = #"{"id": null, "error": {"type": "ServerUnavailable", "message": "Too many.", "data": {}}}\n"#
        #expect(try await run(script) == "b'\(line)' b''\n")
    }

    @Test func connectionsOverTheLimitAreRefusedUntilOneIsGone() async throws {
        let script = """
            clients = [opened() for _ in range(64)]
            late = connect()
            late.sendall(b'{"id": 1}\\n')
            print(arrived(), b"BudgetExceeded" in late.recv(1000))
            client, number = clients.pop()
            client.close()
            arrived()
            calls.handle_frame(frames.RESULT, number, b"{}")
            opened()
            print(len(bridge._clients))
            """
        #expect(try await run(script) == "[] True\n64\n")
    }

    @Test func anErrorOfTheGuestsEndsOneConnection() async throws {
        let script = """
            (one, number), (other, other_number) = opened(), opened()
            next(client for client in bridge._clients if client._number == number)._write = lambda: 1 / 0
            calls.handle_frame(frames.DATA, number, b"\\0data")
            print(len(said), arrived() == [(frames.CANCEL, number, b"")], one.recv(1))
            calls.handle_frame(frames.DATA, other_number, b"\\0data")
            print(other.recv(10))
            """
        #expect(try await run(script) == "1 True b''\nb'data'\n")
    }

    /// Between two servers, clients wait.
    @Test func connectionsWaitForTheNextServer() async throws {
        let script = """
            client, number = opened()
            bridge.suspend()
            print(client.recv(1), arrived())
            late = connect()
            print(arrived(), bridge._clients)
            bridge.resume()
            print(len(arrived()), len(bridge._clients))
            """
        #expect(try await run(script) == "b'' []\n[] set()\n1 1\n")
    }

    @Test func theEnvironmentIsSetOnlyIfTheSocketIsOpen() async throws {
        let script = """
            os.environ["PATH"] = "/bin"
            print(guest.bridge.start(loop, calls, said.append, active, False), os.environ.get("MCP_BRIDGE"), said)
            guest.bridge.NAME = name
            guest.bridge.Bridge.__init__.__defaults__ = (name,)
            print(guest.bridge.start(loop, calls, said.append, active, True), os.environ.get("MCP_BRIDGE"), len(said))
            guest.bridge.Bridge.__init__.__defaults__ = (name + "-2",)
            print(guest.bridge.start(loop, calls, said.append, active, True) is None, os.environ["PATH"])
            """
        #expect(try await run(script) == "None None []\nNone None 1\nFalse /mcp/bin:/bin\n")
    }
}
