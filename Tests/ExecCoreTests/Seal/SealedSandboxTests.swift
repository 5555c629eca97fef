import ChildProcess
import Diagnostics
import ExecCoreTestSupport
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// Sandboxes of an engine that records what they write.
@Suite(.timeLimit(.minutes(3))) struct SealedSandboxTests {
    init() {
        ignoreBrokenPipes()
    }

    private func pool(
        _ engine: InProcessEngine, _ configuration: SandboxConfiguration = SandboxConfiguration(), linger: Int = 0
    ) -> SandboxPool {
        var limits = Limits()
        limits.linger = linger
        return SandboxPool(
            configuration: configuration, limits: limits, logger: Logger(program: "exec-mcp", level: .error) { _ in },
            locateEngine: { () throws(ExecError) in engine })
    }

    private func output(of command: String, in pool: SandboxPool) async throws -> String {
        let user = try #require(UserID("ann"))
        return try await pool.withSandbox(of: user) { try await $0.execute(command, timeout: 300).standardOutput }
    }

    private func error(of pool: SandboxPool) async throws -> ExecError {
        let user = try #require(UserID("ann"))
        let error = await #expect(throws: ExecError.self) {
            try await pool.withSandbox(of: user) { _ = try await $0.execute("true", timeout: 300) }
        }
        return try #require(error)
    }

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func aSealedChannelCarriesCalls(recordsOutput: Bool, isAsked: Bool) async throws {
        var configuration = SandboxConfiguration()
        configuration.sealsChannel = isAsked
        let keys = Recorder<String>()
        let engine = InProcessEngine(recordsOutput: recordsOutput) { guest in
            guest.takeProgram()
            keys.record(guest.configuration.withLock { $0["seal"]?.stringValue ?? "" })
            guest.say(Frame(.hello, call: 0, ["shell": true]))
            guest.answerCalls { $0["command"]?.stringValue ?? "" }
        }
        let pool = pool(engine, configuration)
        #expect(try await output(of: "first", in: pool) == "first")
        let long = String(repeating: "long ", count: 8_000)
        #expect(try await output(of: long, in: pool) == long)
        await pool.close(grace: 10)
        #expect(keys.elements.map(\.count) == [64])
    }

    @Test func everySandboxHasAKeyOfItsOwn() async throws {
        let keys = Recorder<String>()
        let engine = InProcessEngine(recordsOutput: true) { guest in
            guest.takeProgram()
            keys.record(guest.configuration.withLock { $0["seal"]?.stringValue ?? "" })
        }
        let pool = pool(engine)
        _ = try await error(of: pool)
        _ = try await error(of: pool)
        #expect(Set(keys.elements).count == 2)
    }

    @Test func withoutAReasonNothingIsSealed() async throws {
        let keys = Recorder<String>()
        let engine = InProcessEngine { guest in
            guest.takeProgram()
            keys.record(guest.configuration.withLock { $0["seal"]?.stringValue ?? "?" })
        }
        _ = try await error(of: pool(engine))
        #expect(keys.elements == [""])
    }

    /// What happens on the way to the answer of the first call.
    enum Tampering: String, CaseIterable {
        case flipsABit, repeatsARecord, leavesOneOut, insertsAnUnsealedFrame, insertsText, startsAgain
    }

    @Test(arguments: Tampering.allCases)
    func endsIfItsChannelIsTamperedWith(how: Tampering) async throws {
        let engine = InProcessEngine(recordsOutput: true) { guest in
            guest.takeProgram()
            let hello = guest.records([Frame(.hello, call: 0, ["shell": true])])
            guest.send(hello)
            // What the server has sent shows that it has the handshake.
            guest.waitForInput()
            let result = Frame(.result, call: 1, ["exit_code": 0])
            switch how {
            case .flipsABit:
                var bytes = guest.records([result])
                bytes[bytes.count / 2] ^= 0x10
                guest.send(bytes)
            case .repeatsARecord:
                let bytes = guest.records([Frame(.pong, call: 0)])
                guest.send(bytes + bytes)
            case .leavesOneOut:
                _ = guest.records([Frame(.pong, call: 0)])
                guest.say(result)
            case .insertsAnUnsealedFrame: guest.send(result.bytes + guest.records([result]))
            case .insertsText: guest.print("warning: something\n")
            case .startsAgain: guest.send(hello)
            }
            guest.waitForEnd()
        }
        let error = try await error(of: pool(engine))
        #expect(error == .brokenSeal(engine: "in-process"))
        #expect(error.code == .sandboxEnded)
    }

    @Test func aBrokenSealOfTheHandshakeIsNamed() async throws {
        let engine = InProcessEngine(recordsOutput: true) { guest in
            guest.takeProgram()
            var bytes = guest.records([Frame(.hello, call: 0, ["shell": true])])
            bytes[8] ^= 1
            guest.send(bytes)
            guest.waitForEnd()
        }
        #expect(try await error(of: pool(engine)) == .brokenSeal(engine: "in-process"))
    }

    @Test func textInPlaceOfTheHandshakeIsShown() async throws {
        let engine = InProcessEngine(recordsOutput: true) { guest in
            guest.takeProgram()
            guest.print("starting your container…\n")
            guest.waitForEnd()
        }
        #expect(try await error(of: pool(engine)).message.contains("wrote: starting your container"))
    }

    /// The next server would not have the key.
    @Test(arguments: [true, false])
    func isNotKeptForTheNextServer(recordsOutput: Bool) async throws {
        let engine = InProcessEngine(recordsOutput: recordsOutput)
        let pool = pool(engine, linger: 60)
        #expect(try await output(of: "first", in: pool) == "first")
        let labels = engine.started.elements.flatMap(\.labels).map(\.name)
        #expect(labels.contains(Owner.lingerLabel) == !recordsOutput)
        await pool.close(grace: 0)
    }
}
