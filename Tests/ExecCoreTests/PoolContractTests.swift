import Diagnostics
import TestSupport
import Testing

@testable import ExecCore

/// What the pool does with any engine. `EngineTests` has a link to this file: each of the two targets says in its
/// `PoolTestEngine` with which engines.
@Suite(.timeLimit(.minutes(4))) struct PoolContractTests {
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

    private func engine(
        _ kind: PoolTestEngine, _ behaviour: PoolTestEngine.Behaviour
    ) async throws -> any ContainerEngine {
        try await kind.engine(behaviour, in: directory)
    }

    private func pool(_ engine: any ContainerEngine, room: Int = 32, idleTimeout: Int = 1800) -> SandboxPool {
        var limits = Limits()
        limits.maxSandboxes = room
        limits.idleTimeout = idleTimeout
        return SandboxPool(
            configuration: PoolTestEngine.configuration, limits: limits,
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        ) { () throws(ExecError) in engine }
    }

    private func logCount(_ part: String) -> Int { log.elements.count { $0.contains(part) } }

    @Test(arguments: PoolTestEngine.allCases)
    func aUsersCallsShareASandboxThatAnotherUserDoesNotHave(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let first = try await pool.withSandbox(of: ann) { $0.name }
        #expect(try await pool.withSandbox(of: ann) { $0.name } == first)
        #expect(try await pool.withSandbox(of: bob) { $0.name } != first)
        #expect(await pool.count == 2)
        await pool.close(grace: 10)
    }

    @Test(arguments: PoolTestEngine.allCases)
    func callsThatComeTogetherWaitForOneStart(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let names = try await withThrowingTaskGroup(of: String.self) { [ann] group in
            for _ in 1...8 { group.addTask { try await pool.withSandbox(of: ann) { $0.name } } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names.count == 1)
        #expect(logCount("starting sandbox") == 1)
        await pool.close(grace: 10)
    }

    @Test(arguments: PoolTestEngine.allCases)
    func aStartThatFailsSaysWhyAndTheNextCallTriesAgain(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .refuses))
        for _ in 1...2 {
            let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
            #expect(error?.code == .engineFailed)
            #expect(error?.message.contains("no such thing") == true, "\(error?.message ?? "")")
        }
        #expect(await pool.count == 0)
        #expect(logCount("starting sandbox") == 2)
    }

    @Test(arguments: PoolTestEngine.allCases)
    func oneThatHasEndedIsReplaced(_ kind: PoolTestEngine) async throws {
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

    @Test(arguments: PoolTestEngine.allCases)
    func oneThatIsIdleMakesRoom(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .comesUp), room: 1)
        let first = try await pool.withSandbox(of: ann) { $0.name }
        _ = try await pool.withSandbox(of: bob) { $0.name }
        try await log.wait { $0.contains { $0.contains("sandbox \(first) ended") } }
        #expect(await pool.count == 1)
        await pool.close(grace: 10)
    }

    @Test(arguments: PoolTestEngine.allCases)
    func noneIsStoppedThatIsAtWork(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .comesUp), room: 1)
        let error = try await pool.withSandbox(of: ann) { [bob] _ in
            await #expect(throws: ExecError.self) { try await pool.withSandbox(of: bob) { _ in } }
        }
        #expect(error?.code == .busy)
        await pool.close(grace: 10)
    }

    @Test(arguments: PoolTestEngine.allCases)
    func oneThatIsIdleForLongIsStopped(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .comesUp), idleTimeout: 1)
        try await pool.withSandbox(of: ann) { _ in }
        try await log.wait { $0.contains { $0.contains("stopping the sandbox of ann: idle for 1 seconds") } }
        #expect(await pool.count == 0)
        await pool.close(grace: 10)
    }

    @Test(arguments: PoolTestEngine.allCases)
    func aClosedPoolHasNoneAndStartsNone(_ kind: PoolTestEngine) async throws {
        let pool = pool(try await engine(kind, .comesUp))
        let name = try await pool.withSandbox(of: ann) { $0.name }
        await pool.close(grace: 10)
        try await log.wait { $0.contains { $0.contains("sandbox \(name) ended") } }
        let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
        #expect(error?.code == .busy)
    }
}
