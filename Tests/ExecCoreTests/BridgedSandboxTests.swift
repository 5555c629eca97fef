import Diagnostics
import ExecCoreTestSupport
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// What a sandbox does for the bridge.
@Suite(.timeLimit(.minutes(3))) struct BridgedSandboxTests {
    /// A bridge that has a module for each sandbox, and finds it only when a test says so.
    private final class Modules: SandboxBridge, SandboxBridgeSession {
        let maxOpenCalls = 0
        /// How often the files were asked for.
        let asked = Recorder<Bool>()
        let isFound = AsyncEvent()
        private let isInstalled = Locked(false)

        func session(
            of user: UserID, sandbox: String, send: @escaping @Sendable (Frame) throws -> Void
        ) -> any SandboxBridgeSession { self }

        func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall {
            throw ChannelError(reason: "opened a connection")
        }

        func changedModules() async -> [ModuleFile]? {
            let isNew = isInstalled.withLock { isInstalled in
                defer { isInstalled = true }
                return !isInstalled
            }
            asked.record(isNew)
            await isFound.wait()
            return isNew ? [ModuleFile(path: "servers/a.py", content: Array("x = 1".utf8))] : nil
        }

        func modulesWereNotInstalled() { isInstalled.withLock { $0 = false } }
        func beginCommand(_ id: UInt32, _ listener: BridgedCommand) {}
        func endCommand(_ id: UInt32) async -> String? { nil }
    }

    @Test func modulesThatACancelledCallDidNotInstallComeWithTheNextOne() async throws {
        ignoreBrokenPipes()
        let ann = try #require(UserID("ann"))
        let calls = Recorder<String>()
        let engine = InProcessEngine { guest in
            guest.takeProgram()
            guest.say(Frame(.hello, call: 0, ["shell": true]))
            guest.answerCalls { params in
                calls.record(params["files"] == nil ? params["command"]?.stringValue ?? "" : "install")
                return ""
            }
        }
        let modules = Modules()
        let pool = SandboxPool(
            configuration: SandboxConfiguration(), limits: Limits(),
            logger: Logger(program: "exec-mcp", level: .error) { _ in },
            locateEngine: { () throws(ExecError) in engine }, bridge: modules)
        let first = Task { try await pool.withSandbox(of: ann) { try await $0.execute("one", timeout: 5) } }
        try await modules.asked.wait(forCount: 1)
        first.cancel()
        modules.isFound.complete()
        await #expect(throws: CancellationError.self) { try await first.value }
        for command in ["two", "three"] {
            _ = try await pool.withSandbox(of: ann) { try await $0.execute(command, timeout: 5) }
        }
        await pool.close(grace: 10)
        #expect(modules.asked.elements == [true, true, false])
        #expect(calls.elements == ["install", "two", "three"])
    }
}
