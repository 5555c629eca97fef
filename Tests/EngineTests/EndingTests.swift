import ChildProcess
import ExecCore
import TestSupport
import Testing

extension EngineTests {
    /// How commands are ended before their time.
    @Suite struct EndingTests {
        private static let detaching = """
            echo begun; setsid nohup sleep 4321 >/dev/null 2>&1 & (trap '' TERM; sleep 4321; sleep 4321) & sleep 4321
            """

        @Test func aTimeoutEndsEveryProcessOfItsCommand() async throws {
            try await TestPool.with { pool in
                let result = try await pool.execute(Self.detaching, timeout: 1)
                #expect(result.timedOut)
                #expect(result.exitCode == -1)
                #expect(result.standardOutput == "begun\n")
                #expect(result.standardError.hasSuffix("Command timed out after 1 seconds"))
                #expect(try await pool.processCount("sleep 4321") == 0)
            }
        }

        @Test func aCancellationEndsEveryProcessOfItsCommandAndNoOther() async throws {
            try await TestPool.with { pool in
                try await pool.execute("sleep 1234 >/dev/null 2>&1 &")
                let task = Task { try await pool.execute(Self.detaching, timeout: 600) }
                try await eventually { try await pool.processCount("sleep 4321") >= 3 }
                task.cancel()
                _ = try? await task.value
                #expect(try await pool.processCount("sleep 4321") == 0)
                #expect(try await pool.processCount("sleep 1234") == 1)
            }
        }

        @Test func aCallOfACancelledTaskNeverBegins() async throws {
            try await TestPool.with { pool async throws in
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await pool.execute("true")
                }
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try await RealEngine.containers(of: pool.user) == [])
            }
        }

        @Test func backgroundProcessesOfACommandThatEndedLiveOn() async throws {
            try await TestPool.with { pool async throws in
                #expect(try await pool.execute("sleep 1234 & echo hi").standardOutput == "hi\n")
                #expect(try await pool.processCount("sleep 1234") == 1)
            }
        }

        @Test func aContainerKilledFromOutsideEndsItsCallsAndTheNextCallIsServed() async throws {
            try await TestPool.with { pool in
                let tasks = (0..<3).map { _ in Task { try await pool.execute("sleep 4321", timeout: 600) } }
                try await eventually { try await pool.processCount("sleep 4321") == 3 }
                let container = try #require(try await RealEngine.containers(of: pool.user).first)
                #expect(try await RealEngine.run("kill", container).succeeded)
                for task in tasks {
                    let error = await #expect(throws: ExecError.self) { try await task.value }
                    #expect(error?.code == .sandboxEnded)
                }
                #expect(try await pool.execute("echo again").standardOutput == "again\n")
                try await eventually { try await RealEngine.containers(of: pool.user).count == 1 }
                #expect(try await RealEngine.containers(of: pool.user).first != container)
            }
        }
    }
}
