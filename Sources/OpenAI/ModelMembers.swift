import JSON

/// Members of a client's history that only the model can use: reasoning, signatures. Providers check that they come back
/// as they came.
enum ModelMembers {
    /// Beginnings of the names of such members. Front ends add others of their own, which strict endpoints reject.
    private static let beginnings = ["reasoning", "thinking", "thought", "extra_content", "signature"]
    /// Where a widespread library keeps the signatures of calls. In messages it keeps other things there.
    private static let ofCalls = beginnings + ["provider_specific_fields"]
    /// Types of content parts that are reasoning.
    private static let parts: Set<String> = ["thinking", "redacted_thinking", "reasoning"]
    /// Maximum size of the members of one message or call as JSON, in bytes; more is ignored.
    static let maxBytes = 1 << 20

    /// Returns such members of an assistant message. Under `content`, the parts of its content that are reasoning.
    static func ofMessage(_ message: JSON) -> JSONObject {
        var members = members(of: message, beginnings)
        let thoughts = (message["content"]?.arrayValue ?? []).filter(isReasoning)
        if !thoughts.isEmpty { members["content"] = .array(thoughts) }
        return bounded(members)
    }

    /// Returns such members of a tool call; those of its `function` are under that key.
    static func ofCall(_ call: JSON) -> JSONObject {
        var members = members(of: call, ofCalls)
        let inner = call["function"].map { self.members(of: $0, ofCalls) } ?? JSONObject()
        if !inner.isEmpty { members["function"] = .object(inner) }
        return bounded(members)
    }

    /// Whether a part of a message's content is reasoning.
    static func isReasoning(_ part: JSON) -> Bool {
        part["type"]?.stringValue.map { parts.contains($0) } ?? false
    }

    private static func members(of value: JSON, _ beginnings: [String]) -> JSONObject {
        var members = JSONObject()
        for member in value.objectValue ?? JSONObject()
        where member.value != .null && beginnings.contains(where: member.key.hasPrefix) {
            members[member.key] = member.value
        }
        return members
    }

    private static func bounded(_ members: JSONObject) -> JSONObject {
        members.isEmpty || JSON.object(members).serialized().count <= maxBytes ? members : JSONObject()
    }
}
