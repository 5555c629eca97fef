import JSON
import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// Events of the page's runs, as a watcher reads them.
struct WatchedEvents {
    let all: [JSON]

    init(_ answer: Answer) {
        all = answer.body.split(separator: "\n\n").compactMap { block in
            block.split(separator: "\n").first { $0.hasPrefix("data: ") }
                .flatMap { try? JSON.parse(Array($0.dropFirst(6).utf8)) }
        }
    }

    var types: [String] { all.compactMap { $0["type"]?.stringValue } }
    var numbers: [Int] { all.compactMap { $0["seq"]?.integerValue } }
    var text: String { all.filter { $0["type"] == "text" }.compactMap { $0["text"]?.stringValue }.joined() }
    var end: JSON? { all.last.flatMap { $0["type"] == "finished" ? $0 : nil } }
}

extension ServiceTrial {
    /// Starts a run, and returns its id.
    func start(
        _ text: String = "go", _ more: JSONObject = [:], fields: String = ""
    ) async throws -> (run: String, conversation: String) {
        var body: JSONObject = ["text": .string(text)]
        for member in more { body[member.key] = member.value }
        let answer = try await ask("POST", "/ui/runs", .object(body), fields: fields)
        guard answer.status == 201, let run = answer.json["id"]?.stringValue,
            let conversation = answer.json["conversation_id"]?.stringValue
        else { throw RawClient.LostError() }
        return (run, conversation)
    }

    /// Watches a run until it ends.
    func watch(_ run: String, after number: Int = 0, fields: String = "") async throws -> WatchedEvents {
        WatchedEvents(try await ask("GET", "/ui/runs/\(run)/events?after=\(number)", fields: fields))
    }
}

/// A runner whose runs go on as far as a test says.
final class SteppingRunner: Sendable {
    let started = Recorder<String>()
    let cancelled = Recorder<String>()
    private let steps = Locked<[AsyncEvent]>([])

    /// The runner, which says one word a step, and then ends.
    func runner(steps count: Int) -> FakeRunner {
        steps.withLock { $0 = (0..<count).map { _ in AsyncEvent() } }
        return FakeRunner { [self] request, tell in
            started.record(request.conversation.last?.text ?? "")
            for (number, step) in steps.withLock({ $0 }).enumerated() {
                do {
                    try await step.waitUnlessCancelled()
                } catch {
                    cancelled.record(request.conversation.last?.text ?? "")
                    throw error
                }
                await tell(.text("\(number) "))
            }
            return RunResult(
                messages: [ChatMessage(role: .assistant, text: "done")], end: .answered,
                usage: TokenUsage(prompt: 3, completion: 4))
        }
    }

    func go(_ step: Int) { steps.withLock { $0[step] }.complete() }
}
