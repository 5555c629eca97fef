import Diagnostics
import ExecCoreTestSupport
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// What the pool does with any engine: one without processes, and a command line like docker's.
@Suite(.timeLimit(.minutes(2))) struct PoolTests {
    /// An engine that a test can have.
    enum Engine: CaseIterable {
        case inProcess, program
    }

    /// What a test's engine does with each container.
    enum Behaviour {
        /// Its guest comes up and waits.
        case comesUp
        /// It says why it cannot start it.
        case refuses
    }

    private let directory: TemporaryDirectory
    private let log = Recorder<String>()
    private let ann: UserID
    private let bob: UserID

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
        ann = try #require(UserID("ann"))
        bob = try #require(UserID("bob"))
    }

    private func engine(_ engine: Engine, _ behaviour: Behaviour) async throws -> any ContainerEngine {
        switch engine {
        case .inProcess:
            return InProcessEngine { guest in
                guest.takeProgram()
                if behaviour == .refuses { return guest.complain("no such thing") }
                guest.say(Frame(.hello, call: 0, ["shell": true]))
                guest.waitForEnd()
            }
        case .program:
            let script =
                switch behaviour {
                case .comesUp: ScriptedEngine.idleGuest
                case .refuses: "sys.exit('no such thing')"
                }
            return try await ScriptedEngine(script, in: directory).commandLine
        }
    }

    private func pool(_ engine: any ContainerEngine, room: Int = 32, idleTimeout: Int = 1800) -> SandboxPool {
        var limits = Limits()
        limits.maximumSandboxes = room
        limits.idleTimeout = idleTimeout
        return SandboxPool(
            configuration: SandboxConfiguration(), limits: limits,
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        ) { () throws(ExecError) in engine }
    }

    private func logCount(_ part: String) -> Int { log.elements.count { $0.contains(part) } }

    @Test(arguments: Engine.allCases)
    func aUsersCallsShareASandboxThatAnotherUserDoesNotHave(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let first = try await pool.withSandbox(of: ann) { $0.name }
        #expect(try await pool.withSandbox(of: ann) { $0.name } == first)
        #expect(try await pool.withSandbox(of: bob) { $0.name } != first)
        #expect(await pool.count == 2)
        await pool.close(grace: 10)
    }

    @Test(arguments: Engine.allCases)
    func callsThatComeTogetherWaitForOneStart(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let names = try await withThrowingTaskGroup(of: String.self) { [ann] group in
            for _ in 1...8 { group.addTask { try await pool.withSandbox(of: ann) { $0.name } } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names.count == 1)
        #expect(logCount("starting sandbox") == 1)
        await pool.close(grace: 10)
    }

    @Test(arguments: Engine.allCases)
    func aStartThatFailsSaysWhyAndTheNextCallTriesAgain(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .refuses))
        for _ in 1...2 {
            let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
            #expect(error?.code == .engineFailed)
            #expect(error?.message.contains("no such thing") == true, "\(error?.message ?? "")")
        }
        #expect(await pool.count == 0)
        #expect(logCount("starting sandbox") == 2)
    }

    @Test(arguments: Engine.allCases)
    func oneThatHasEndedIsReplaced(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let first = try await pool.withSandbox(of: ann) { sandbox in
            await sandbox.stop()
            #expect(sandbox.hasEnded)
            return sandbox.name
        }
        #expect(try await pool.withSandbox(of: ann) { $0.name } != first)
        #expect(await pool.count == 1)
        await pool.close(grace: 10)
    }

    @Test(arguments: Engine.allCases)
    func oneThatIsIdleMakesRoom(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp), room: 1)
        let first = try await pool.withSandbox(of: ann) { $0.name }
        _ = try await pool.withSandbox(of: bob) { $0.name }
        try await log.wait { $0.contains { $0.contains("sandbox \(first) ended") } }
        #expect(await pool.count == 1)
        await pool.close(grace: 10)
    }

    @Test(arguments: Engine.allCases)
    func noneIsStoppedThatIsAtWork(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp), room: 1)
        let error = try await pool.withSandbox(of: ann) { [bob] _ in
            await #expect(throws: ExecError.self) { try await pool.withSandbox(of: bob) { _ in } }
        }
        #expect(error?.code == .busy)
        await pool.close(grace: 10)
    }

    @Test(arguments: Engine.allCases)
    func oneThatIsIdleForLongIsStopped(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp), idleTimeout: 1)
        try await pool.withSandbox(of: ann) { _ in }
        try await log.wait { $0.contains { $0.contains("stopping the sandbox of ann: idle for 1 seconds") } }
        #expect(await pool.count == 0)
        await pool.close(grace: 10)
    }

    @Test(arguments: Engine.allCases)
    func aClosedPoolHasNoneAndStartsNone(_ kind: Engine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let name = try await pool.withSandbox(of: ann) { $0.name }
        await pool.close(grace: 10)
        try await log.wait { $0.contains { $0.contains("sandbox \(name) ended") } }
        let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
        #expect(error?.code == .busy)
    }

    @Test func containersOfAnEngineWithoutProcessesAnswerCallsAndAreRemovedByName() async throws {
        let engine = InProcessEngine()
        let pool = pool(engine)
        let result = try await pool.withSandbox(of: ann) { try await $0.execute("echo hello", timeout: 5) }
        #expect(result.standardOutput == "echo hello")
        #expect(try await engine.containerCount(of: ann) == 1)
        #expect(try await engine.containerCount(of: bob) == 0)
        #expect(engine.started.elements.map(\.image) == [SandboxConfiguration().image])
        await pool.close(grace: 10)
        #expect(engine.removed.elements == [])
    }

    @Test func aContainerThatIgnoresTheEndOfItsInputIsRemovedByItsEngine() async throws {
        let gate = try TestPipe()
        let engine = InProcessEngine { guest in
            guest.takeProgram()
            guest.say(Frame(.hello, call: 0, ["shell": true]))
            guest.waitForEnd()
            _ = readAll(from: gate.readEnd)
        }
        let pool = pool(engine)
        let name = try await pool.withSandbox(of: ann) { $0.name }
        await pool.close(grace: 0.05)
        #expect(engine.removed.elements == [name])
        gate.endStream()
    }
}
