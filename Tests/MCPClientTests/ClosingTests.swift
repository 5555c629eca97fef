import Foundation
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(3))) struct ClosingTests {
    private let server = FakeServer()

    /// Starts a server that says its process id first.
    private func start(_ script: String, closingSeconds: Double = 60) async throws -> (MCPClient, process: Int32) {
        let client = try await server.start(
            "say(os.getpid())\n" + script, limits: .patient { $0.closingSeconds = closingSeconds })
        return (client, try #require(Int32(try await server.said.wait(forCount: 1)[0])))
    }

    /// How the server ended.
    private func end(of client: MCPClient) async throws -> String {
        let ended = Recorder<String>()
        client.onEnd(ended.record)
        return try await ended.wait(forCount: 1)[0]
    }

    @Test func endsAServerByClosingItsInput() async throws {
        let (client, process) = try await start("serve(None)\nsay('bye')\nsys.exit(7)")
        await client.close()
        #expect(!isAlive(process))
        #expect(try await end(of: client) == "exit status 7; it last said: \(process) / bye")
    }

    @Test func asksAServerToEndThatStaysWithoutInput() async throws {
        let (client, process) = try await start("serve(None)\nthreading.Event().wait()", closingSeconds: 0.2)
        await client.close()
        #expect(!isAlive(process))
        #expect(try await end(of: client).hasPrefix("signal 15"))
    }

    @Test func killsAServerThatWillNotEnd() async throws {
        let script = """
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            import subprocess
            say(subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]).pid)
            serve(None)
            threading.Event().wait()
            """
        let (client, process) = try await start(script, closingSeconds: 0.2)
        let child = try #require(Int32(try await server.said.wait(forCount: 2)[1]))
        await client.close()
        #expect(!isAlive(process))
        #expect(try await end(of: client).hasPrefix("signal 9"))
        try await eventually { !isAlive(child) }
    }

    @Test func noticesTheEndOfAServerWhosePipesAnotherHolds() async throws {
        let script = """
            import subprocess
            holder = subprocess.Popen(["sleep", "600"], start_new_session=True)
            say(holder.pid)
            def handle(message):
                os._exit(3)
            serve(handle)
            """
        let (client, process) = try await start(script)
        let holder = try #require(Int32(try await server.said.wait(forCount: 2)[1]))
        defer { kill(holder, SIGKILL) }
        let error = await #expect(throws: MCPClientError.self) { try await client.text("t", timeLimit: nil) }
        #expect(error?.description.contains("exit status 3") == true)
        await client.close()
        #expect(!isAlive(process))
        #expect(isAlive(holder))
    }

    @Test func closesOnceHoweverOftenItIsAskedTo() async throws {
        let (client, process) = try await start("serve(None)")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { await client.close() } }
        }
        await client.close()
        #expect(!isAlive(process))
        await #expect(throws: MCPClientError.self) { try await client.listTools() }
    }

    @Test func failsTheCallsUnderWay() async throws {
        let (client, _) = try await start("serve(lambda message: say('called'))")
        let call = Task { try await client.text("t", timeLimit: nil) }
        try await server.said.wait(forCount: 2)
        await client.close()
        await #expect(throws: MCPClientError.ended("it was closed")) { try await call.value }
    }

    @Test func endsTheServerOfAClientThatIsLetGo() async throws {
        let process = try await { try await start("serve(None)").process }()
        try await eventually { !isAlive(process) }
    }

    @Test func leavesNoDescriptorOpen() async throws {
        await #expect(processExitsWith: .success) {
            ignoreBrokenPipes()
            let server = FakeServer()
            try await server.with("serve(None)") { _ in }
            try await warmUpClocks()
            let before = try openDescriptors()
            for _ in 0..<5 {
                try await server.with("serve(None)") { _ in }
                _ = try? await server.start("sys.exit(1)")
            }
            try await eventually { try openDescriptors() <= before }
        }
    }

    /// Servers that close their standard output, which is how most end, and go on living.
    @Test(arguments: [
        "os.close(1); say('mute'); time.sleep(600)", "os.close(1); time.sleep(600)",
        "os.close(1); os.close(2); time.sleep(600)", "os.close(2); os.close(1); sys.stdin.read(); time.sleep(600)",
        "os.dup2(os.open('/dev/null', os.O_WRONLY), 1); os.close(2); time.sleep(600)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); os.close(1); time.sleep(600)",
    ])
    func aServerThatCanAnswerNothingAnyMoreHasEnded(habit: String) async throws {
        let script = """
            def handle(message):
                sys.stdout.flush()
                \(habit)
            serve(handle)
            """
        let ended = Recorder<String>()
        try await server.with(script, limits: .patient { $0.closingSeconds = 0.5 }) { client in
            client.onEnd(ended.record)
            let error = await #expect(throws: MCPClientError.self) { try await client.text("mute", timeLimit: nil) }
            let how = "it closed its standard output and was stopped"
            #expect("\(error.map { "\($0)" } ?? "")".contains(how))
            let ends = try await ended.wait(forCount: 1)
            #expect(ends[0].hasPrefix(how))
        }
    }

    @Test func aServerThatEndsAfterItsStandardOutputSaysHow() async throws {
        let script = """
            def handle(message):
                os.close(1)
                say("the last words")
                time.sleep(0.2)
                os._exit(7)
            serve(handle)
            """
        try await server.with(script) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("end", timeLimit: nil) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("the last words"))
            #expect("\(error.map { "\($0)" } ?? "")".contains("7"))
        }
    }
}
