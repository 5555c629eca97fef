import JSON
import MCPClient

/// The result of a tool in the form that the protocol of the bridge has: what servers write in other forms is in its
/// place, so that code gets all of it.
enum ToolAnswer {
    /// Members that are about a result and not part of it.
    private static let envelope: Set<String> = ["_meta", "content", "isError", "resultType", "structuredContent"]

    /// Returns the members of a result. They are the server's own, but `content` is an array of objects and `isError`
    /// a Boolean, and a result without either kind of content is its own structured content.
    static func members(of result: RawToolResult) -> JSONObject {
        var members = result.members
        members["resultType"] = nil
        if members.given("isError") != nil || result.isError { members["isError"] = .bool(result.isError) }
        if let content = members.given("content") {
            members["content"] = .array(blocks(of: content))
        } else if members.given("structuredContent") == nil {
            let own = result.members.filter { !envelope.contains($0.key) }
            if !own.isEmpty {
                members["structuredContent"] = .object(own.reduce(into: JSONObject()) { $0[$1.key] = $1.value })
            }
        }
        return members
    }

    private static func blocks(of content: JSON) -> [JSON] {
        switch content {
        case .array(let elements): elements.map(block)
        default: [block(of: content)]
        }
    }

    private static func block(of value: JSON) -> JSON {
        guard case .object(var members) = value else { return text(value) }
        let kind = members["type"]?.stringValue
        if kind == nil, members.given("text") != nil { members["type"] = "text" }
        guard members["type"] == "text" else { return kind == nil ? text(value) : value }
        if members["text"]?.stringValue == nil { members["text"] = .string(members.given("text")?.text ?? "") }
        return .object(members)
    }

    private static func text(_ value: JSON) -> JSON {
        ["type": "text", "text": .string(value.stringValue ?? value.text)]
    }
}
