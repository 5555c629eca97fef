import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.timeLimit(.minutes(3))) struct HistoryFileTests {
    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    private func write(_ bytes: [UInt8], _ path: String, _ mode: mode_t = 0o644) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        #expect(Descriptors.write(bytes, to: descriptor))
        close(descriptor)
    }

    @Test(arguments: [
        (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/exec-agent/history"),
        (["XDG_STATE_HOME": "s", "HOME": "/h"], "/h/.local/state/exec-agent/history"),
        (["HOME": "/h"], "/h/.local/state/exec-agent/history"), (["HOME": ""], nil), ([:], nil),
    ])
    func isWhereStateOfProgramsIs(environment: [String: String], path: String?) {
        #expect(HistoryFile(environment: environment)?.path == path)
    }

    @Test func keepsEntriesForNobodyElse() throws {
        let directory = try TemporaryDirectory()
        let file = HistoryFile(path: "\(directory.path)/a/b/history")
        #expect(file.entries() == [])
        let entries = ["one", "two\nlines", "back\\slash \\n", "日本 e\u{301}", "tab\t"]
        for entry in entries { file.add(entry) }
        #expect(file.entries() == entries)
        #expect(mode(file.path) == 0o600)
        #expect(mode("\(directory.path)/a/b") == 0o700)
    }

    @Test func makesAnOpenFilePrivate() throws {
        let directory = try TemporaryDirectory()
        let file = HistoryFile(path: "\(directory.path)/history")
        write(Array("old\nhalf".utf8), file.path)
        file.add("new")
        #expect(file.entries() == ["old", "half", "new"])
        #expect(mode(file.path) == 0o600)
    }

    @Test func isBoundedInLinesAndBytes() throws {
        let directory = try TemporaryDirectory()
        let file = HistoryFile(path: "\(directory.path)/history")
        write(Array((0..<2000).map { "entry \($0)\n" }.joined().utf8), file.path)
        file.add("last")
        #expect(file.entries().count == HistoryFile.lineLimit)
        #expect(file.entries().last == "last")
        file.add(String(repeating: "x", count: 10 << 20))
        #expect(file.entries().last == "last")
        write([UInt8](repeating: 0x78, count: 5 << 20) + Array("\nshort\n".utf8), file.path)
        file.add("more")
        #expect(file.entries() == ["short", "more"])
        var status = stat()
        #expect(stat(file.path, &status) == 0)
        #expect(status.st_size < 100)
        #expect(mode(file.path) == 0o600)
        for _ in 0..<50 { file.add(String(repeating: "y", count: 60 << 10)) }
        #expect(stat(file.path, &status) == 0)
        #expect(status.st_size <= 2 * HistoryFile.sizeLimit)
    }

    @Test func whatIsWrongWithItHindersNobody() throws {
        let directory = try TemporaryDirectory()
        let fifo = "\(directory.path)/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        for path in [fifo, directory.path, "/dev/null", "/dev/zero", "/proc/none/history", "\(fifo)/below", ""] {
            let file = HistoryFile(path: path)
            file.add("entry")
            #expect(file.entries() == [])
        }
        let file = HistoryFile(path: "\(directory.path)/history")
        write([0xFF, 0x1B, 0x5B, 0x41, 0x0A, 0x0A, 0x00, 0x5C, 0x0A, 0x61], file.path)
        #expect(file.entries() == ["\u{FFFD}[A", "", "a"])
    }

    @Test func followsALink() throws {
        let directory = try TemporaryDirectory()
        let file = HistoryFile(path: "\(directory.path)/link")
        write(Array((0..<3000).map { "entry \($0)\n" }.joined().utf8), "\(directory.path)/real")
        #expect(symlink("\(directory.path)/real", file.path) == 0)
        file.add("last")
        var status = stat()
        #expect(lstat(file.path, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
        #expect(file.entries().count == HistoryFile.lineLimit)
    }

    @Test func severalWritersLoseNothing() async throws {
        let directory = try TemporaryDirectory()
        let file = HistoryFile(path: "\(directory.path)/history")
        // So that it is cut in between.
        write(Array((0..<1950).map { "entry \($0)\n" }.joined().utf8), file.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    try await onBackgroundThread { for number in 0..<100 { file.add("writer \(writer) \(number)") } }
                }
            }
            try await group.waitForAll()
        }
        let entries = file.entries().filter { $0.hasPrefix("writer") }
        #expect(Set(entries).count == 400)
        for writer in 0..<4 {
            let own = entries.filter { $0.hasPrefix("writer \(writer) ") }
            #expect(own == (0..<100).map { "writer \(writer) \($0)" })
        }
    }
}
