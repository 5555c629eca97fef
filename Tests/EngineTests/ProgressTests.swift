import ExecCore
import TestSupport
import Testing

extension EngineTests {
    /// A command's newest line while it runs.
    @Suite struct ProgressTests {
        private func lines(
            of command: String, in pool: TestPool, timeout: Double = 60
        ) async throws -> (lines: [String], result: CommandResult) {
            let lines = Recorder<String>()
            let result = try await pool.pool.withSandbox(of: pool.user) {
                try await $0.execute(command, timeout: timeout, onOutput: { lines.record($0) })
            }
            let count = lines.elements.count
            try await pool.execute("sleep 0.5")
            #expect(lines.elements.count == count, "a line came after the end")
            return (lines.elements, result)
        }

        @Test func eachLineOfASlowCommandIsTold() async throws {
            try await TestPool.with { pool in
                let (lines, result) = try await lines(
                    of: "echo one; sleep 1; echo two >&2; sleep 1; printf three; sleep 1", in: pool)
                #expect(lines == ["one", "two", "three"])
                #expect(result.standardOutput == "one\nthree")
                #expect(result.standardError == "two\n")
            }
        }

        @Test func ofABurstTheLastLineIsTold() async throws {
            try await TestPool.with { pool in
                let (told, _) = try await lines(of: "seq 100000; sleep 1", in: pool)
                #expect(told.last == "100000")
                #expect(told.count <= 8)
            }
        }

        @Test func aBarIsToldAsItStands() async throws {
            try await TestPool.with { pool in
                let (told, _) = try await lines(
                    of: "for p in 10 50 90; do printf '\\r\\033[32m%3d%%\\033[0m |##' $p; sleep 1; done", in: pool)
                #expect(told == ["10% |##", "50% |##", "90% |##"])
            }
        }

        @Test func aFloodIsToldOfNowAndThen() async throws {
            try await TestPool.with { pool in
                let (told, result) = try await lines(of: "timeout 3 cat /dev/urandom; timeout 1 yes 'a line'", in: pool)
                #expect(told.last == "a line" || told.count > 1)
                #expect(told.allSatisfy { $0.utf8.count <= 512 })
                // Four a second by the guest's clock, however long it took.
                #expect(told.count < 240)
                #expect(result.isTruncated)
                #expect(!pool.log.elements.contains { $0.contains("ending it") })
            }
        }

        @Test func nothingIsToldOfACommandThatSaysNothing() async throws {
            try await TestPool.with { pool in
                let (told, _) = try await lines(of: "echo; printf '  \\n'; sleep 0.6; true", in: pool)
                #expect(told.isEmpty)
            }
        }

        @Test func nothingIsToldAfterATimeout() async throws {
            try await TestPool.with { pool in
                let (told, result) = try await lines(
                    of: "trap 'echo late' TERM; while :; do echo tick; sleep 0.1; done", in: pool, timeout: 1)
                #expect(result.timedOut)
                #expect(told.contains("tick"))
            }
        }
    }
}
