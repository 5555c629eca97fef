import JSON
import TestSupport

@testable import ExecAgent

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
