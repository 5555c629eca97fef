import TestSupport
import Testing

@testable import ExecCore

extension EngineTests {
    @Suite struct PoolTests {
        @Test func startsNothingBeforeTheFirstCall() async throws {
            try await TestPool.with { pool async throws in
                #expect(await pool.pool.count == 0)
                #expect(try await RealEngine.containers(of: pool.user) == [])
            }
        }

        @Test func startsOneSandboxForManyFirstCalls() async throws {
            try await TestPool.with { pool in
                let names = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            try await pool.execute("cat /proc/sys/kernel/random/boot_id /proc/1/stat").standardOutput
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert(String($1.split(separator: " ")[21])) }
                }
                #expect(names.count == 1)
                #expect(pool.log.elements.count { $0.contains("starting sandbox") } == 1)
                #expect(try await RealEngine.containers(of: pool.user).count == 1)
            }
        }

        @Test func givesEachUserASandbox() async throws {
            try await TestPool.with { pool in
                let other = try TestPool.newUser()
                try await pool.execute("echo mine > secret")
                #expect(try await pool.execute("ls -A", user: other).standardOutput.isEmpty)
                #expect(await pool.pool.count == 2)
            }
        }

        @Test func aRunningSandboxIsUsedAndNoneIsStarted() async throws {
            try await TestPool.with { pool async throws in
                func run(_ command: String) async throws -> String? {
                    try await pool.pool.withRunningSandbox(of: pool.user) {
                        try await $0.execute(command, timeout: 60).standardOutput
                    }
                }
                #expect(try await run("echo none") == nil)
                #expect(await pool.pool.count == 0)
                // One that is coming up is waited for.
                let first = Task { try await pool.execute("true") }
                try await pool.log.wait { $0.contains { $0.contains("starting sandbox") } }
                #expect(try await run("echo one") == "one\n")
                _ = try await first.value
                #expect(try await run("echo two") == "two\n")
                _ = try await RealEngine.run("kill", try #require(RealEngine.containers(of: pool.user).first))
                // A call may still be in the sandbox as it ends.
                try await eventually {
                    do { return try await run("echo none") == nil } catch { return false }
                }
                #expect(pool.log.elements.count { $0.contains("starting sandbox") } == 1)
            }
        }

        @Test func tellsWhoHasToWaitForAStart() async throws {
            try await TestPool.with { pool in
                let starts = Recorder<Int>()
                for number in 1...3 {
                    try await pool.pool.withSandbox(of: pool.user, onStart: { starts.record(number) }) { _ in }
                }
                #expect(starts.elements == [1])
            }
        }

        @Test func stopsAnIdleSandboxAndStartsItAgain() async throws {
            var limits = Limits()
            limits.idleTimeout = 1
            try await TestPool.with(limits: limits) { pool in
                try await pool.execute("true")
                try await eventually { try await RealEngine.containers(of: pool.user).isEmpty }
                #expect(await pool.pool.count == 0)
                #expect(pool.log.elements.contains { $0.contains("idle for 1 seconds") })
                #expect(try await pool.execute("echo again").standardOutput == "again\n")
            }
        }

        @Test func neverStopsASandboxThatIsAtWork() async throws {
            var limits = Limits()
            limits.idleTimeout = 1
            try await TestPool.with(limits: limits) { pool async throws in
                #expect(try await pool.execute("sleep 4; echo done").standardOutput == "done\n")
            }
        }

        @Test func givesThePlaceOfTheLongestIdleToANewUser() async throws {
            var limits = Limits()
            limits.maxSandboxes = 2
            try await TestPool.with(limits: limits) { pool in
                let (first, second, third) = try (TestPool.newUser(), TestPool.newUser(), TestPool.newUser())
                for user in [first, second, first] { try await pool.execute("true", user: user) }
                try await pool.execute("true", user: third)
                #expect(await pool.pool.count == 2)
                try await eventually { try await RealEngine.containers(of: second).isEmpty }
                #expect(try await RealEngine.containers(of: first).count == 1)
                #expect(try await RealEngine.containers(of: third).count == 1)
            }
        }

        @Test func refusesANewUserWhileAllAreAtWork() async throws {
            var limits = Limits()
            limits.maxSandboxes = 1
            try await TestPool.with(limits: limits) { pool in
                let work = Task { try await pool.execute("sleep 4321", timeout: 600) }
                try await eventually { try await pool.processCount("sleep 4321") == 1 }
                let other = try TestPool.newUser()
                let error = await #expect(throws: ExecError.self) { try await pool.execute("true", user: other) }
                #expect(error?.code == .busy)
                #expect(error?.message.contains("--max-sandboxes") == true)
                work.cancel()
                _ = try? await work.value
                #expect(try await pool.execute("echo now", user: other).standardOutput == "now\n")
            }
        }

        @Test func leavesNoContainerWhenItCloses() async throws {
            try await TestPool.with { pool in
                let other = try TestPool.newUser()
                try await pool.execute("true", user: other)
                let work = Task { try await pool.execute("sleep 4321", timeout: 600) }
                try await eventually { try await pool.processCount("sleep 4321") == 1 }
                await pool.pool.close(grace: 5)
                await #expect(throws: ExecError.self) { try await work.value }
                try await eventually { try await RealEngine.containers(of: pool.user).isEmpty }
                try await eventually { try await RealEngine.containers(of: other).isEmpty }
                let error = await #expect(throws: ExecError.self) { try await pool.execute("true") }
                #expect(error?.message.contains("shutting down") == true)
            }
        }

        @Test func leavesNoContainerWhenItClosesDuringAStart() async throws {
            try await TestPool.with { pool in
                let work = Task { try await pool.execute("true") }
                try await pool.log.wait { $0.contains { $0.contains("starting sandbox") } }
                await pool.pool.close(grace: 5)
                _ = try? await work.value
                try await eventually { try await RealEngine.containers(of: pool.user).isEmpty }
            }
        }
    }
}
