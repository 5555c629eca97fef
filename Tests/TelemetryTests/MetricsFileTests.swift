import SystemCalls
import TestSupport
import Testing
import Threading

@testable import Telemetry

@Suite(.timeLimit(.minutes(2))) struct MetricsFileTests {
    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/exec-mcp.prom" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func content(_ path: String) -> String? {
        Files.read(path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func replacesItsContent() throws {
        let file = try MetricsFile(path: path)
        try file.write("one\n")
        try file.write("two\n")
        #expect(content(path) == "two\n")
        #expect(file.label == "exec-mcp")
        // Nothing else that the collector would read.
        #expect(Files.names(in: directory.path) == ["exec-mcp.prom"])
    }

    @Test func severalAtATimeHaveFilesOfTheirOwn() throws {
        var files = try (0..<3).map { _ in try MetricsFile(path: path) }
        for (number, file) in files.enumerated() { try file.write("\(number)\n") }
        #expect(files.map(\.label) == ["exec-mcp", "exec-mcp.1", "exec-mcp.2"])
        #expect(Files.names(in: directory.path) == ["exec-mcp.1.prom", "exec-mcp.2.prom", "exec-mcp.prom"])
        #expect(content("\(directory.path)/exec-mcp.1.prom") == "1\n")
        // The file of one that has ended is taken by the next.
        files.remove(at: 1)
        #expect(try MetricsFile(path: path).label == "exec-mcp.1")
    }

    @Test func thereIsALimitToThem() throws {
        let files = try (0..<MetricsFile.maxFiles).map { _ in try MetricsFile(path: path) }
        #expect(throws: MetricsFileError.self) { try MetricsFile(path: path) }
        _ = files
    }

    @Test(arguments: ["exec-mcp.txt", ".prom", ".hidden.prom", "", "exec-mcp.prom/"])
    func aNameThatTheCollectorDoesNotReadIsRefused(name: String) {
        #expect(throws: MetricsFileError.self) { try MetricsFile(path: "\(directory.path)/\(name)") }
    }

    @Test func aDirectoryThatDoesNotExistIsSaid() {
        let error = #expect(throws: MetricsFileError.self) {
            try MetricsFile(path: "\(directory.path)/none/a.prom")
        }
        #expect(error?.problem == "is in a directory that does not exist")
    }

    @Test func aLinkIsNotFollowed() throws {
        let target = try directory.write("precious", to: "target")
        try #require(symlink(target, "\(directory.path)/.exec-mcp.prom.tmp") == 0)
        try #require(symlink(target, path) == 0)
        try MetricsFile(path: path).write("one\n")
        #expect(content(target) == "precious")
        #expect(content(path) == "one\n")
    }

    @Test func aFailureIsReportedOnceUntilItWorksAgain() throws {
        let failures = Recorder<String>()
        let below = try directory.makeDirectory("below")
        let writer = MetricsFileWriter(try MetricsFile(path: "\(below)/a.prom")) {
            "\($0)\n"
        } onFailure: {
            failures.record($0.problem)
        }
        #expect(content("\(below)/a.prom") == "a\n")
        try #require(rename(below, "\(directory.path)/moved") == 0)
        writer.end()
        writer.end()
        #expect(failures.elements == ["is in a directory that does not exist"])
    }

    @Test func itIsWrittenAtIntervals() async throws {
        let count = Recorder<String>()
        let writer = MetricsFileWriter(try MetricsFile(path: path)) { label in
            count.record(label)
            return "\(label)\n"
        } onFailure: { _ in
        }
        try writer.start(everySeconds: 0.001)
        _ = try await count.wait(forCount: 5)
        writer.end()
    }
}
