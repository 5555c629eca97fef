import JSON
import JSONRPC
import MCP
import TestSupport
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct ProgressReporterTests {
    private let sent = Recorder<Notification>()

    private func reporter(_ revision: Revision = .july2026, token: JSON = "t") throws -> ProgressReporter {
        let context = RequestContext(revision: revision, meta: ["progressToken": token])
        let notifier = RequestNotifier(id: .integer(1)) { [sent] in sent.record($0) }
        return try #require(ProgressReporter(context, notifier))
    }

    @Test func reportsToNobodyWhoDidNotAsk() {
        let context = RequestContext(revision: .july2026)
        #expect(ProgressReporter(context, RequestNotifier(id: .integer(1)) { _ in }) == nil)
    }

    @Test(arguments: Revision.allCases, ["t", 7] as [JSON])
    func passesOnWhatTheWorkSays(revision: Revision, token: JSON) async throws {
        let sent = sent
        let value = try await reporter(revision, token: token).reporting { progress in
            progress.report?("one")
            try await sent.wait(forCount: 1)
            return 42
        }
        #expect(value == 42)
        let notification = try #require(sent.elements.first)
        #expect(notification.method == "notifications/progress")
        #expect(notification.params["progressToken"] == token)
        #expect(notification.params["message"]?.stringValue == (revision >= .march2025 ? "one" : .none))
    }

    @Test func ofManyLinesTheNewestCountAndTheNumbersRise() async throws {
        let sent = sent
        _ = try await reporter().reporting { progress in
            for number in 0..<100_000 { progress.report?("line \(number)") }
            try await sent.wait { $0.last?.params["message"] == "line 99999" }
        }
        let numbers = sent.elements.compactMap { $0.params["progress"]?.numberValue }
        #expect(numbers.count == sent.elements.count)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(numbers.count < 100)
    }

    @Test(arguments: ["epoch 3", "Running for 7 epochs", "Running for 5 s", "Running for 5 s: Running for 10 s"])
    func aSilentCallGivesASignOfLifeWithItsNewestLine(line: String) async throws {
        let sent = sent
        _ = try await reporter().reporting { progress in
            progress.report?(line)
            try await sent.wait(forCount: 2)
        }
        let message = try #require(sent.elements.last?.params["message"]?.stringValue)
        #expect(message.wholeMatch(of: /Running for [0-9]+ s: (.*)/)?.output.1 == Substring(line))
    }

    @Test func aCallThatSaysNothingGivesSignsOfLifeThatDoNotQuoteEachOther() async throws {
        let sent = sent
        _ = try await reporter().reporting { _ in try await sent.wait(forCount: 2) }
        let messages = sent.elements.compactMap { $0.params["message"]?.stringValue }
        #expect(messages.count == 2)
        #expect(messages.allSatisfy { $0.wholeMatch(of: /Running for [0-9]+ s/) != nil }, "\(messages)")
    }

    @Test func passesOnTheFailureOfTheWork() async throws {
        await #expect(throws: RPCError.self) {
            try await reporter().reporting { _ in throw RPCError.internalError("why") }
        }
    }

    @Test func endsWhenItIsCancelled() async throws {
        let reporter = try reporter()
        let work = Task {
            try await reporter.reporting { _ in try await Task.sleep(for: .seconds(600)) }
        }
        work.cancel()
        await #expect(throws: (any Error).self) { try await work.value }
    }
}
