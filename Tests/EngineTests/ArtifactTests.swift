import ExecCore
import TestSupport
import Testing

extension EngineTests {
    /// Listing and reading what is in `/artifacts`, with everything there that must not be taken for an artifact.
    @Suite struct ArtifactTests {
        private static let hostile = """
            cd /artifacts; set -e
            echo secret > /workspace/secret; echo hidden > .hidden; mkdir directory; echo in > directory/inner
            mkfifo fifo; ln -s /workspace/secret out; ln -s ../workspace/secret relative-out; ln -s .hidden to-hidden
            ln -s none dangling; ln -s loop loop; ln -s two one; ln -s one two; ln -s directory/inner below
            ln -s directory to-directory; ln -s /artifacts/../workspace/secret dotted; ln -s fifo to-fifo
            python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
            touch "$(printf 'not-utf8-\\xff')"; ln -s /dev/zero zero; ln -s /proc/self/fd/0 descriptor
            """

        private func failure(reading name: String, in pool: TestPool) async throws -> ExecError {
            try #require(
                await #expect(throws: ExecError.self, "\(name)") {
                    try await pool.pool.withSandbox(of: pool.user) { try await $0.readArtifact(name) }
                })
        }

        @Test func artifactsAreListedByNameAndReadToTheByte() async throws {
            try await TestPool.with { pool in
                let made = try await pool.execute(
                    """
                    cd /artifacts; printf 'b\\0\\xff' > b.bin; echo é > 'é x.txt'; : > empty; echo x > $'line\\nbreak'
                    touch -d @1700000000 b.bin; ln -s b.bin link; ln -s /artifacts/link again; ln -s ./b.bin dot
                    """)
                try await pool.pool.withSandbox(of: pool.user) { sandbox async throws in
                    let artifacts = try await sandbox.artifacts()
                    #expect(
                        artifacts.map(\.name) == ["again", "b.bin", "dot", "empty", "line\nbreak", "link", "é x.txt"])
                    #expect(artifacts.map(\.size) == [3, 3, 3, 0, 2, 3, 3])
                    #expect(artifacts[1].modified == 1_700_000_000)
                    // What a command is said to have made is told by the same rules.
                    #expect(made.artifacts.map(\.isNew) == artifacts.map { _ in true })
                    #expect(made.artifacts.map(\.name) == artifacts.map(\.name))
                    #expect(made.artifacts.map(\.version) == artifacts.map(\.version))
                    for name in ["again", "b.bin", "dot", "link"] {
                        #expect(try await sandbox.readArtifact(name) == [0x62, 0, 0xFF])
                    }
                    #expect(try await sandbox.readArtifact("empty").isEmpty)
                    #expect(try await sandbox.readArtifact("é x.txt") == Array("é\n".utf8))
                    #expect(try await sandbox.readArtifact("line\nbreak") == Array("x\n".utf8))
                }
            }
        }

        @Test(.timeLimit(.minutes(3))) func looksAtArtifactsDoNotWaitBehindCommands() async throws {
            try await TestPool.with { pool in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<Limits.concurrentCalls {
                        let command = "echo \(number) > /artifacts/\(number); sleep 600"
                        group.addTask { _ = try? await pool.execute(command, timeout: 600) }
                    }
                    try await pool.pool.withSandbox(of: pool.user) { sandbox async throws in
                        // When all artifacts are there, all turns of the tools are taken.
                        while try await sandbox.artifacts().count < Limits.concurrentCalls {}
                        #expect(try await sandbox.readArtifact("7") == Array("7\n".utf8))
                    }
                    group.cancelAll()
                }
            }
        }

        @Test func nothingElseIsAnArtifact() async throws {
            try await TestPool.with { pool in
                let made = try await pool.execute(Self.hostile)
                #expect(made.exitCode == 0, "\(made.standardError)")
                #expect(made.artifacts.isEmpty)
                let listed = try await pool.pool.withSandbox(of: pool.user) { try await $0.artifacts() }
                #expect(listed.isEmpty)
                for name in [
                    "none", ".hidden", "directory", "directory/inner", "fifo", "out", "relative-out", "to-hidden",
                    "dangling", "loop", "one", "below", "to-directory", "dotted", "to-fifo", "socket", "zero",
                    "descriptor", "", ".", "..", "../workspace/secret", "/workspace/secret", "a\0b",
                    String(repeating: "x", count: 300),
                ] {
                    let error = try await failure(reading: name, in: pool)
                    #expect(error.code == .notFound, "\(name): \(error)")
                }
                #expect(try await pool.execute("echo fine").standardOutput == "fine\n")
            }
        }

        @Test func oneOverTheLimitIsRefusedAndNotListed() async throws {
            try await TestPool.with { pool async throws in
                let made = try await pool.execute("cd /artifacts; truncate -s 50M fits; truncate -s 60M over")
                #expect(made.artifacts.map(\.name) == ["fits"])
                let error = try await failure(reading: "over", in: pool)
                #expect(error.code == .refused)
                #expect(error.message.contains("62914560"))
                #expect(error.message.contains("52428800"))
                try await pool.pool.withSandbox(of: pool.user) { sandbox async throws in
                    #expect(try await sandbox.artifacts().map(\.name) == ["fits"])
                    #expect(try await sandbox.readArtifact("fits").count == 52_428_800)
                }
            }
        }

        @Test func oneThatGrowsIsReadAsItWas() async throws {
            var limits = Limits()
            limits.artifactMebibytes = 4
            try await TestPool.with(limits: limits) { pool in
                try await pool.execute(
                    "yes | head -c 3M > /artifacts/log; (while sleep 0.001; do echo yyy; done >> /artifacts/log) &")
                try await pool.pool.withSandbox(of: pool.user) { sandbox async throws in
                    for _ in 0..<10 {
                        let content = try await sandbox.readArtifact("log")
                        #expect(content.count >= 3 << 20)
                        #expect(content.count <= 4 << 20)
                    }
                }
            }
        }

        @Test func aFileThatBecomesALinkOutIsNeverFollowed() async throws {
            try await TestPool.with { pool in
                try await pool.execute(
                    """
                    echo secret > secret; echo harmless > /artifacts/.kept; cd /artifacts
                    (while :; do ln -f .kept x; ln -sf /workspace/secret .link; mv -f .link x; done) >/dev/null 2>&1 &
                    """)
                try await pool.pool.withSandbox(of: pool.user) { sandbox async throws in
                    var found = Set<[UInt8]>()
                    for _ in 0..<300 {
                        if let content = try? await sandbox.readArtifact("x") { found.insert(content) }
                    }
                    #expect(found == [Array("harmless\n".utf8)])
                }
            }
        }

        @Test func aDirectoryThatCannotBeReadIsAnErrorAndNoEnd() async throws {
            try await TestPool.withPersistentWorkspace { pool in
                try await pool.execute("echo x > /artifacts/x; chmod 0 /artifacts/x")
                #expect(try await failure(reading: "x", in: pool).code == .refused)
                try await pool.execute("chmod 644 /artifacts/x")
                // The directory belongs to nobody inside.
                #expect(try await pool.execute("chmod 0 /artifacts").exitCode != 0)
                try await RealEngine.setMode("0700", ofArtifactsOf: pool.user)
                let error = await #expect(throws: ExecError.self) {
                    try await pool.pool.withSandbox(of: pool.user) { try await $0.artifacts() }
                }
                #expect(error?.code == .refused)
                #expect(error?.message.contains("/artifacts: permission denied") == true)
                #expect(try await failure(reading: "x", in: pool).code == .refused)
                try await RealEngine.setMode("0777", ofArtifactsOf: pool.user)
                let listed = try await pool.pool.withSandbox(of: pool.user) { try await $0.artifacts() }
                #expect(listed.map(\.name) == ["x"])
            }
        }

        @Test func aHundredThousandFilesAreListedInPart() async throws {
            try await TestPool.with { pool in
                let filling = """
                    import os
                    os.chdir("/artifacts")
                    for number in range(100_000): os.close(os.open("%06d-" % number + "x" * 200, os.O_CREAT))
                    """
                #expect(try await pool.execute("python3 -c '\(filling)'", timeout: 300).exitCode == 0)
                let listed = try await pool.pool.withSandbox(of: pool.user) { try await $0.artifacts() }
                #expect(listed.count == 1000)
                #expect(listed.first?.name.hasPrefix("000000-") == true)
                #expect(listed.last?.name.hasPrefix("000999-") == true)
                #expect(try await pool.execute("echo fine").standardOutput == "fine\n")
            }
        }
    }
}
