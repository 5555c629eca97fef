import MCPClient
import MCPServersTestSupport
import TestSupport
import Testing

@testable import MCPServers

/// How one server is started, and started again.
@Suite(.timeLimit(.minutes(3))) struct ToolServerTests {
    private let fixture = Fixture()

    /// Says its process id at the start; the tool `die` ends it, any other answers with the process id.
    private static let mortal = """
        say(os.getpid())
        def handle(message):
            if message.get("method") == "tools/call" and message["params"]["name"] == "die": os._exit(5)
            if "id" in message: answer(message, text(str(os.getpid())))
        serve(handle)
        """

    @Test func startsAtFirstNeedAndOnceForAll() async throws {
        try await fixture.withServer(ToolServerEntry.fake(Self.mortal)) { server in
            #expect(await server.health == .stopped)
            #expect(fixture.said.elements.isEmpty)
            let processes = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await server.text("pid") } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(processes == Set(fixture.said.elements))
            #expect(processes.count == 1)
            #expect(await server.health == .running)
        }
    }

    @Test func failsTheCallsOfAServerThatEndsAndStartsItAgainAtTheNext() async throws {
        try await fixture.withServer(ToolServerEntry.fake(Self.mortal)) { server in
            let first = try await server.text("pid")
            await #expect(throws: SupervisionError.inUse(.ended("exit status 5; it last said: \(first)"))) {
                try await server.text("die")
            }
            #expect(await server.health == .stopped, "the next call starts it")
            let second = try await server.text("pid")
            #expect(first != second)
            #expect(await server.health == .running)
            #expect(fixture.time.slept.elements.isEmpty, "the first time there is no pause")
            #expect(fixture.notices.elements.count == 1)
        }
    }

    @Test func doesAgainWhatHasNoEffectsWhereTheServerEnded() async throws {
        let directory = try TemporaryDirectory()
        let script = """
            first = not os.path.exists("\(directory.path)/began")
            open("\(directory.path)/began", "w").close()
            def handle(message):
                if first: os._exit(5)
                answer(message, text("second"))
            serve(handle)
            """
        try await fixture.withServer(ToolServerEntry.fake(script)) { server in
            let text = try await server.text("t", again: true)
            #expect(text == "second")
        }
    }

    @Test func givesAServerThatEndsAgainAndAgainLongerAndLongerPauses() async throws {
        try await fixture.withServer(ToolServerEntry.fake(Self.mortal)) { server in
            for _ in 0..<5 {
                await #expect(throws: SupervisionError.self) { try await server.text("die") }
            }
            #expect(fixture.time.slept.elements == [1, 2, 4])
            // The next pause is longer than anybody waits.
            let error = await #expect(throws: SupervisionError.self) { try await server.text("pid") }
            guard case .toStart(let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.hasSuffix("the next attempt is in 8 seconds"))
            #expect(fixture.said.elements.count == 5)
            #expect(await server.health.isFailed)
            fixture.time.pass(8)
            _ = try await server.text("pid")
            fixture.time.pass(ToolServer.stableRunSeconds)
            await #expect(throws: SupervisionError.self) { try await server.text("die") }
            _ = try await server.text("pid")
            #expect(fixture.time.slept.elements == [1, 2, 4], "a good run is a new beginning")
        }
    }

    @Test func startsAServerAnewThatHasClosedItsOutputAndLives() async throws {
        let script = """
            def handle(message):
                if message["params"]["name"] == "mute":
                    os.close(1)
                    time.sleep(600)
                answer(message, text("ok"))
            serve(handle)
            """
        try await fixture.withServer(ToolServerEntry.fake(script)) { server in
            let failure = await #expect(throws: SupervisionError.self) { try await server.text("mute") }
            let how = "it closed its standard output and was stopped"
            #expect("\(failure.map { "\($0.error(of: "fake"))" } ?? "")".contains(how))
            try await eventually { await server.health == .stopped }
            #expect(fixture.notices.elements == [.ended(server: "fake", how: how)])
            let text = try await server.text("t")
            #expect(text == "ok")
        }
    }

    @Test func noticesTheEndOfAnIdleServer() async throws {
        let script = """
            def handle(message):
                answer(message, text("ok"))
                threading.Timer(0.05, lambda: os._exit(0)).start()
            serve(handle)
            """
        try await fixture.withServer(ToolServerEntry.fake(script)) { server in
            _ = try await server.text("t")
            try await eventually { await server.health == .stopped }
            #expect(fixture.notices.elements == [.ended(server: "fake", how: "exit status 0")])
            _ = try await server.text("t")
        }
    }

    @Test(
        arguments: [
            ("/nowhere/at-all", nil, "there is no program at /nowhere/at-all"),
            ("no-such-program-at-all", nil, "there is no program no-such-program-at-all on PATH"),
            ("/bin/sh", "/nowhere", "there is no directory /nowhere"),
        ] as [(String, String?, String)])
    func saysWhyAServerCannotBeStarted(command: String, directory: String?, reason: String) async throws {
        var entry = ToolServerEntry(name: "x", command: command)
        entry.workingDirectory = directory
        try await fixture.withServer(entry) { server in
            await #expect(throws: SupervisionError.toStart(reason)) { try await server.text("t") }
            #expect(await server.health == .failed(reason))
            #expect(fixture.notices.elements.isEmpty, "the error says it")
        }
    }

    @Test func letsACallerGoThatIsCancelledDuringTheStart() async throws {
        let script = """
            say("started")
            threading.Event().wait()
            """
        try await fixture.withServer(ToolServerEntry.fake(script)) { server in
            let call = Task { () throws(SupervisionError) in try await server.text("t") }
            try await fixture.said.wait(forCount: 1)
            #expect(await server.health == .starting)
            call.cancel()
            await #expect(throws: SupervisionError.cancelled) { try await call.value }
            #expect(await server.health == .starting)
        }
    }

    @Test func isClosedForGood() async throws {
        try await fixture.withServer(ToolServerEntry.fake(Self.mortal)) { server in
            _ = try await server.text("t")
            await server.close()
            await server.close()
            await #expect(throws: SupervisionError.toStart("it was closed")) { try await server.text("t") }
            #expect(await server.health == .stopped)
            #expect(fixture.notices.elements.isEmpty)
            #expect(fixture.said.elements.count == 1)
        }
    }
}

extension ToolServerHealth.State {
    fileprivate var isFailed: Bool {
        if case .failed = self { true } else { false }
    }
}
