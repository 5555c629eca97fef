import JSON
import OpenAI
import Threading

/// Writes the events of a run as the page gets them.
final class RunEvents: Sendable {
    private struct State {
        /// What calls returned that have not ended yet, by the id of the call.
        var outputs: [String: ToolOutput] = [:]
        /// The artifacts that were reported.
        var artifacts = FileNames()
    }

    private let state = Locked(State())
    private let serverOfTool: @Sendable (String) -> String?

    /// - Parameter serverOfTool: returns the server of a tool; `nil` if unknown.
    init(serverOfTool: @escaping @Sendable (String) -> String?) {
        self.serverOfTool = serverOfTool
    }

    /// Returns an event's members; `nil` if it is a part of another one.
    func members(of event: AgentEvent) -> JSONObject? {
        switch event {
        case .toolOutput(let output):
            state.withLock { $0.outputs[output.callID] = output }
            return nil
        case .toolStarted(let call):
            var members = event.json.objectValue ?? [:]
            members["server"] = serverOfTool(call.name).map(JSON.string)
            return members
        case .toolEnded(let end):
            return ended(end, event.json.objectValue ?? [:])
        default:
            return event.json.objectValue
        }
    }

    private func ended(_ end: AgentEvent.ToolEnd, _ members: JSONObject) -> JSONObject {
        let (output, artifacts) = state.withLock { state in
            let output = state.outputs.removeValue(forKey: end.callID)
            let artifacts = (output?.artifacts ?? []).map { file -> JSON in
                var object: JSONObject = ["name": .string(file.name), "type": .string(file.mediaType)]
                object["size"] = file.size.map(JSON.integer)
                object["digest"] = file.version.isEmpty ? nil : .string(file.version)
                let isFirst = state.artifacts.add(file.name)
                object["change"] = file.isNew ?? isFirst ? "new" : "changed"
                return .object(object)
            }
            return (output, artifacts)
        }
        var members = members
        members["artifacts"] = .array(artifacts)
        for member in output?.json ?? [:] where !["type", "id"].contains(member.key) {
            members[member.key] = member.value
        }
        return members
    }

    /// Joins texts that follow each other, and leaves out progress, which is of no use afterwards. A joined text has the
    /// number of its last piece as `seq`, and that of its first one as `first`.
    static func joined(_ events: [JSONObject]) -> [JSONObject] {
        var joined: [JSONObject] = []
        var texts: [String] = []
        func closeText() {
            guard !texts.isEmpty else { return }
            joined[joined.count - 1]["text"] = .string(texts.joined())
            texts = []
        }
        for event in events where event["type"] != "tool_progress" {
            guard event["type"] == "text", let text = event["text"]?.stringValue else {
                closeText()
                joined.append(event)
                continue
            }
            if texts.isEmpty {
                var first = event
                first["first"] = event["first"] ?? event["seq"]
                joined.append(first)
            } else {
                joined[joined.count - 1]["seq"] = event["seq"]
            }
            texts.append(text)
        }
        closeText()
        return joined
    }
}
