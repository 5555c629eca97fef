import CommandOptions
import Diagnostics
import ExecCore
import Foundation
import JSON
import SystemCalls
import TestSupport
import Testing

@testable import ExecMCP

@Suite struct AuditLogTests {
    private let directory: TemporaryDirectory
    private let logged = Recorder<String>()

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ name: String) throws(UsageError) -> AuditLog {
        try AuditLog(
            path: "\(directory.path)/\(name)",
            logger: Logger(program: "exec-mcp", level: .info) { [logged] in logged.record($0) })
    }

    private func refusal(_ name: String) -> String? {
        do {
            _ = try open(name)
            return nil
        } catch {
            return error.message
        }
    }

    private func add(_ line: String, to log: AuditLog) {
        log.begin()
        log.end(Array(line.utf8))
    }

    private func content(_ name: String) throws -> String {
        String(decoding: try #require(Files.read("\(directory.path)/\(name)", limit: 100 << 20)), as: UTF8.self)
    }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat("\(directory.path)/\(name)", &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func makesAFileThatOnlyWeMayRead() throws {
        let log = try open("log")
        add("a", to: log)
        add("b", to: log)
        #expect(try content("log") == "a\nb\n")
        #expect(mode("log") == 0o600)
        #expect(logged.elements.isEmpty)
    }

    @Test func addsToAFileAndLeavesItsModeAlone() throws {
        try directory.write("before\n", to: "log", mode: 0o600)
        add("after", to: try open("log"))
        #expect(try content("log") == "before\nafter\n")
        #expect(logged.elements.isEmpty)
    }

    @Test(arguments: [mode_t(0o640), 0o604, 0o620, 0o666])
    func warnsWhereOthersMayRead(mode wanted: mode_t) throws {
        let path = try directory.write("", to: "log")
        chmod(path, wanted)
        _ = try open("log")
        #expect(mode("log") == wanted)
        #expect(logged.elements.count == 1)
        #expect(logged.elements.first?.contains("chmod 600") == true)
    }

    @Test func refusesWhatIsNoFileOfItsOwn() throws {
        try directory.makeDirectory("directory")
        mkfifo("\(directory.path)/pipe", 0o600)
        let target = try directory.write("", to: "target")
        symlink(target, "\(directory.path)/link")
        symlink("\(directory.path)/new", "\(directory.path)/dangling")
        let cases = [
            ("directory", "is a directory"), ("pipe", "is not a regular file"), ("link", "is a link"),
            ("dangling", "is a link"), ("missing/log", "in a directory that does not exist"),
            ("target/log", "in a directory that does not exist"),
            (String(repeating: "n", count: 300), "cannot be opened"),
        ]
        for (name, reason) in cases {
            let message = try #require(refusal(name), "\(name) was taken")
            #expect(message.hasPrefix("--audit-log (MCP_EXECUTOR_AUDIT_LOG) cannot use '"))
            #expect(message.contains(reason), "\(message)")
        }
        #expect(!Files.isRegularFile("\(directory.path)/new"))
        #expect(try content("target") == "")
    }

    @Test func refusesAPipeThatSomebodyReads() throws {
        let path = "\(directory.path)/pipe"
        mkfifo(path, 0o600)
        let reader = Foundation.open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        #expect(refusal("pipe")?.contains("is not a regular file") == true)
    }

    @Test func refusesADevice() {
        #expect(throws: UsageError.self) {
            try AuditLog(path: "/dev/full", logger: Logger(program: "exec-mcp", level: .error) { _ in })
        }
    }

    @Test func beginsALineOfItsOwnAfterATornOne() throws {
        try directory.write("whole\nto", to: "log", mode: 0o600)
        let log = try open("log")
        add("next", to: log)
        add("last", to: log)
        #expect(try content("log") == "whole\nto\nnext\nlast\n")
    }

    /// As two servers do, each with a descriptor of its own, and each from several threads.
    @Test(.timeLimit(.minutes(3))) func writersOfOneFileNeverMixTheirLines() async throws {
        let logs = try (0..<2).map { _ in try open("log") }
        let lines = 500
        _ = try await onThreads(8) { thread in
            for number in 0..<lines {
                let filling = String(repeating: "x", count: (number * 37) % 4000)
                let line: JSON = ["thread": .integer(thread), "number": .integer(number), "filling": .string(filling)]
                let log = logs[thread % 2]
                log.begin()
                log.end(line.serialized())
            }
        }
        var next = [Int](repeating: 0, count: 8)
        for line in try content("log").split(separator: "\n") {
            let value = try JSON.parse(Array(line.utf8))
            let thread = try #require(value["thread"]?.integerValue)
            #expect(value["number"] == .integer(next[thread]))
            next[thread] += 1
        }
        #expect(next == [Int](repeating: lines, count: 8))
    }
}
