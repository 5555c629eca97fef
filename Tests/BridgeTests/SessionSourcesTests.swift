import TestSupport
import Testing
import Threading

@testable import Bridge

/// What a session has read, as it is kept for the next one.
@Suite(.timeLimit(.minutes(3))) struct SessionSourcesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var state: StateDirectory { StateDirectory(path: "\(directory.path)/state") }

    /// What the next session finds.
    private func kept() -> SessionSources {
        let sources = SessionSources()
        sources.follow("box", in: state)
        return sources
    }

    @Test func whatManyReadAtOnceIsAllKept() async throws {
        let sources = kept()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask { try await onThread { sources.record([.private], of: "s\(number)") } }
            }
            try await group.waitForAll()
        }
        #expect(Set(kept().servers(.private)).count == 24)
    }

    @Test func whatTwoServersReadInOneSandboxIsAllKept() {
        let (first, second) = (kept(), kept())
        first.record([.private], of: "crm")
        second.record([.untrusted], of: "web")
        first.record([.private], of: "mail")
        let third = kept()
        #expect(Set(third.servers(.private)) == ["crm", "mail"])
        #expect(third.servers(.untrusted) == ["web"])
        #expect(third.isGuarded)
    }

    @Test func theLastReportNamesAllUntrustedServers() async throws {
        let reports = Recorder<[String]>()
        let sources = SessionSources { reports.record($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask { try await onThread { sources.record([.untrusted], of: "s\(number)") } }
            }
            try await group.waitForAll()
        }
        #expect(reports.elements.last?.count == 24)
    }
}
