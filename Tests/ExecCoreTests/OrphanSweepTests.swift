import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite(.timeLimit(.minutes(3))) struct OrphanSweepTests {
    private static let us = Owner.current()
    private static let dead = Owner(
        host: us.host, boot: us.boot, pidNamespace: us.pidNamespace, pid: us.pid, startTime: "1")

    private static func id(_ digit: String) -> String { String(repeating: digit, count: 64) }

    private static func line(_ id: String, _ owner: Owner, linger: String = "") -> String {
        ([id] + owner.labels.map(\.value) + [linger]).joined(separator: "\t")
    }

    private static func candidates(_ listing: String) -> [LabelledContainer] {
        DockerCLI.containers(inListing: listing, values: Owner.labelNames.count + 1)
    }

    private func orphans(_ lines: String...) -> [String] {
        OrphanSweep.orphans(among: Self.candidates(lines.joined(separator: "\n")), seenBy: Self.us)
    }

    @Test func takesThoseWhoseOwnerIsDead() {
        #expect(
            orphans(
                Self.line(Self.id("a"), Self.dead), Self.line(Self.id("b"), Self.us),
                Self.line(Self.id("0"), Self.dead), "") == [Self.id("a"), Self.id("0")])
        #expect(orphans() == [])
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func takesLinesHoweverTheyEnd(lineEnd: String) {
        let lines = [Self.line(Self.id("a"), Self.dead), Self.line(Self.id("0"), Self.dead)]
        #expect(orphans(lines.map { $0 + lineEnd }.joined()) == [Self.id("a"), Self.id("0")])
    }

    @Test(arguments: [
        "", "--all", "-f", "abc", id("a") + "a", "\(id("a").dropLast())", id("g"), id("é"), id("\u{FF11}"),
        "\(id("a").dropLast()) ", "--\(id("a").dropFirst(2))",
    ])
    func passesOverWhatIsNoContainersID(id: String) {
        #expect(orphans(Self.line(id, Self.dead)) == [])
    }

    @Test func passesOverLinesThatLabelsHaveForged() {
        let id = Self.id("a")
        #expect(orphans(id) == [])
        #expect(orphans(Self.line(id, Self.dead) + "\tmore") == [])
        #expect(orphans(" " + Self.line(id, Self.dead)) == [])
        #expect(orphans(id + "\t\t\t\t\t\t") == [])
        #expect(orphans(Self.line(id, Self.dead).replacingOccurrences(of: "\t", with: " ")) == [])
    }

    @Test func sparesWhatIsHeldAndWhatCannotBeJudged() async throws {
        let place = try TemporaryDirectory()
        let directory = LingerDirectory(path: place.path)
        let name = "mcp-executor-ann-0"
        let mark = try #require(HoldMark.make(for: name, in: directory))
        func orphans(_ label: String, _ owner: Owner = Self.dead) -> [String] {
            OrphanSweep.orphans(
                among: Self.candidates(Self.line(Self.id("a"), owner, linger: label)), seenBy: Self.us,
                marksIn: [directory])
        }
        let label = HoldMark.labelValue(for: name)
        #expect(orphans(label) == [])
        close(mark.descriptor)
        // A program that another test starts just now has a copy for a moment.
        while HoldMark.isHeld(name, in: [directory]) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(orphans(label) == [Self.id("a")])
        #expect(orphans(label, Self.us) == [])
        // Another account's marks cannot be seen, and nobody can make a label that leads elsewhere.
        let (us, other) = (geteuid(), geteuid() + 1)
        for forged in ["\(other)/\(name)", name, "/", "\(us)/../x", "\(us)/mcp-executor-a/../../x", "x"] {
            #expect(orphans(forged) == [])
        }
        #expect(orphans("\(geteuid())/mcp-executor-gone-0") == [Self.id("a")])
    }

    @Test func asksForOurContainersAndRemovesTheOrphansByID() async throws {
        let engine = try await FakeEngine(
            listing: Self.line(Self.id("c"), Self.dead) + "\n" + Self.line(Self.id("d"), Self.us))
        await OrphanSweep(
            engine: engine.commandLine, owner: Self.us, logger: Logger(program: "exec-mcp", level: .error)
        ).run()
        let format =
            "{{.ID}}\t{{.Label \"io.exec-mcp.host\"}}\t{{.Label \"io.exec-mcp.boot\"}}\t"
            + "{{.Label \"io.exec-mcp.pid-namespace\"}}\t{{.Label \"io.exec-mcp.pid\"}}\t"
            + "{{.Label \"io.exec-mcp.start-time\"}}\t{{.Label \"io.exec-mcp.linger\"}}"
        #expect(
            try engine.calls() == [
                ["ps", "--all", "--no-trunc", "--filter", "label=io.exec-mcp.pid", "--format", format],
                ["rm", "--force", "--volumes", Self.id("c")],
            ])
    }

    @Test func removesNothingWhereThereIsNoOrphan() async throws {
        let engine = try await FakeEngine(listing: Self.line(Self.id("d"), Self.us))
        await OrphanSweep(
            engine: engine.commandLine, owner: Self.us, logger: Logger(program: "exec-mcp", level: .error)
        ).run()
        #expect(try engine.calls().map(\.first) == ["ps"])
    }

    @Test func anEngineThatFailsIsOnlyLogged() async {
        let log = Recorder<String>()
        let engine = DockerCLI(program: "/nonexistent/docker", environment: [:])
        let logger = Logger(program: "exec-mcp", level: .debug) { log.record($0) }
        await OrphanSweep(engine: engine, owner: Self.us, logger: logger).run()
        #expect(log.elements.count == 1)
        #expect(log.elements.first?.contains("/nonexistent/docker") == true)
    }
}

/// A program in the engine's place, which writes down what it is asked and lists what a test wants listed.
private struct FakeEngine {
    let commandLine: DockerCLI
    private let directory: TemporaryDirectory

    init(listing: String) async throws {
        directory = try TemporaryDirectory()
        try directory.write(listing, to: "listing")
        let script = """
            #!/bin/sh
            printf '%s\\0' "$@" >> "$PLACE/calls"
            printf '\\n' >> "$PLACE/calls"
            if [ "$1" = ps ]; then cat "$PLACE/listing"; fi
            """
        commandLine = DockerCLI(
            program: try await directory.writeProgram(script, to: "engine"),
            environment: ["PLACE": directory.path, "PATH": "/usr/bin:/bin"])
    }

    /// The arguments of each call.
    func calls() throws -> [[String]] {
        try String(contentsOfFile: "\(directory.path)/calls", encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: "\0").map(String.init) }
    }
}
