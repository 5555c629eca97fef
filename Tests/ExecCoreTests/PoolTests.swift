import Diagnostics
import ExecCoreTestSupport
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// The pool with an engine that tells what is asked of it.
@Suite(.timeLimit(.minutes(3))) struct PoolTests {
    private let ann: UserID
    private let bob: UserID

    init() throws {
        ignoreBrokenPipes()
        ann = try #require(UserID("ann"))
        bob = try #require(UserID("bob"))
    }

    private func pool(_ engine: any ContainerEngine) -> SandboxPool {
        SandboxPool(
            configuration: SandboxConfiguration(), limits: Limits(),
            logger: Logger(program: "exec-mcp", level: .error) { _ in }
        ) { () throws(ExecError) in engine }
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
