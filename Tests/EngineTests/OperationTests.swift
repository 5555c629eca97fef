import ExecCore
import TestSupport
import Testing

extension EngineTests {
    @Suite struct OperationTests {
        @Test func aCommandGivesItsExitCodeAndBothStreams() async throws {
            try await TestPool.with { pool in
                let result = try await pool.execute("echo out; echo err >&2; exit 7")
                #expect(result.exitCode == 7)
                #expect(result.standardOutput == "out\n")
                #expect(result.standardError == "err\n")
                #expect(!result.timedOut)
                #expect(!result.isTruncated)
                #expect(result.artifacts.isEmpty)
                #expect(try await pool.execute("kill -9 $$").exitCode == 137)
            }
        }

        @Test func filesGoInAndOut() async throws {
            try await TestPool.with { pool in
                try await pool.pool.withSandbox(of: pool.user) { sandbox in
                    let written = try await sandbox.write("one\ntwo é\nthree\n", to: "deep/er/a file.txt")
                    #expect(written.path == "/workspace/deep/er/a file.txt")
                    #expect(written.size == 17)
                    #expect(
                        try await sandbox.execute("cat 'deep/er/a file.txt'", timeout: 60).standardOutput.count == 16)
                    let page = try await sandbox.read("deep/er/a file.txt", offset: 1, lineCount: 1)
                    guard case .text(let text, _) = page else {
                        Issue.record("\(page) is no text")
                        return
                    }
                    #expect(text == "two é\n")
                }
            }
        }

        @Test func aPageSaysHowToGoOn() async throws {
            var limits = Limits()
            limits.output = 1024
            try await TestPool.with(limits: limits) { pool in
                try await pool.execute("seq 1000 > numbers")
                try await pool.pool.withSandbox(of: pool.user) { sandbox in
                    var offset = 0
                    var whole = ""
                    while case .text(let text, let remark) = try await sandbox.read(
                        "numbers", offset: offset, lineCount: nil)
                    {
                        whole += text
                        #expect(text.utf8.count <= 1024)
                        offset += text.count { $0 == "\n" }
                        guard let remark else { break }
                        #expect(remark.contains("offset=\(offset)"))
                    }
                    #expect(whole == (1...1000).map { "\($0)\n" }.joined())
                }
            }
        }

        @Test func aPictureComesBackByteForByte() async throws {
            try await TestPool.with { pool in
                let draw = "import matplotlib.pyplot as p; p.plot([1, 3, 2]); p.savefig('/artifacts/chart.png')"
                let drawn = try await pool.execute(
                    "python3 -c \"\(draw)\" && md5sum < /artifacts/chart.png && wc -c < /artifacts/chart.png")
                #expect(drawn.exitCode == 0, "\(drawn.standardError)")
                #expect(drawn.artifacts.map(\.name) == ["chart.png"])
                let content = try await pool.pool.withSandbox(of: pool.user) { sandbox in
                    try await sandbox.read("/artifacts/chart.png", offset: 0, lineCount: nil)
                }
                guard case .image(let data, let mediaType, nil) = content else {
                    Issue.record("\(content) is no picture as it is")
                    return
                }
                #expect(mediaType == "image/png")
                #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]))
                #expect(drawn.standardOutput.hasSuffix("\n\(data.count)\n"))
                #expect(drawn.artifacts.map(\.size) == [data.count])
            }
        }

        @Test func aDocstringIsReadAndNotRun() async throws {
            try await TestPool.with { pool in
                try await pool.pool.withSandbox(of: pool.user) { sandbox in
                    let source = """
                        open("ran", "w")
                        class Shape:
                            def area(self):
                                \"\"\"Returns the area.

                                It is in square metres:
                                    never in feet.
                                \"\"\"
                        """
                    _ = try await sandbox.write(source, to: "shapes.py")
                    let docstring = try await sandbox.docstring(of: "Shape.area", in: "shapes.py")
                    #expect(docstring == "Returns the area.\n\nIt is in square metres:\n    never in feet.")
                    let error = await #expect(throws: ExecError.self) {
                        try await sandbox.docstring(of: "volume", in: "shapes.py")
                    }
                    #expect(error?.message.contains("Shape.area") == true)
                    #expect(try await sandbox.execute("test -e ran", timeout: 60).exitCode == 1)
                }
            }
        }

        @Test func whatCannotBeIsRefused() async throws {
            try await TestPool.with { pool in
                try await pool.pool.withSandbox(of: pool.user) { sandbox async throws in
                    for timeout in [0, -1, 601, .infinity, .nan] {
                        await #expect(throws: ExecError.self) { try await sandbox.execute("true", timeout: timeout) }
                    }
                    await #expect(throws: ExecError.self) { try await sandbox.execute("echo \0", timeout: 5) }
                    for (offset, count) in [(-1, nil), (Int.max, nil), (1 << 53, nil), (0, -1)] as [(Int, Int?)] {
                        await #expect(throws: ExecError.self) {
                            try await sandbox.read("/etc/passwd", offset: offset, lineCount: count)
                        }
                    }
                    for path in ["/nonexistent", "/etc", "/dev/zero", "", "a\0b"] {
                        await #expect(throws: ExecError.self) {
                            try await sandbox.read(path, offset: 0, lineCount: nil)
                        }
                    }
                    await #expect(throws: ExecError.self) { try await sandbox.write("x", to: "/etc/new") }
                    let large = String(repeating: "x", count: Limits.writeBytes + 1)
                    await #expect(throws: ExecError.self) { try await sandbox.write(large, to: "large") }
                    // The sandbox is none the worse for it.
                    #expect(try await sandbox.execute("echo fine", timeout: 60).standardOutput == "fine\n")
                }
            }
        }

        @Test func manyCallsAtOnceAreKeptApart() async throws {
            try await TestPool.with { pool in
                let count = Limits.concurrentCalls * 2
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<count {
                        group.addTask {
                            let result = try await pool.execute(
                                "echo \(number); echo err\(number) >&2; exit \(number % 256)")
                            #expect(result.standardOutput == "\(number)\n")
                            #expect(result.standardError == "err\(number)\n")
                            #expect(result.exitCode == number % 256)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await RealEngine.containers(of: pool.user).count == 1)
            }
        }

        @Test func outputOverTheLimitIsCutInTheMiddle() async throws {
            try await TestPool.with { pool in
                let result = try await pool.execute("seq 1000000")
                #expect(result.isTruncated)
                #expect(result.standardOutput.utf8.count < Limits().output + 4096)
                #expect(result.standardOutput.hasPrefix("1\n2\n3\n"))
                #expect(result.standardOutput.hasSuffix("999999\n1000000\n"))
            }
        }
    }
}
