public import JSON
public import MCP

/// The result of `tools/call` exactly as the server wrote it, for callers that relay it or need more than a model can
/// read. ``reading(remark:)`` is an agent's view of it.
public struct RawToolResult: Sendable, Equatable {
    /// The whole result, unknown members and content types included. Not validated.
    public let members: JSONObject
    /// Size of the response line in bytes.
    public let size: Int

    /// A result.
    public init(members: JSONObject, size: Int) {
        self.members = members
        self.size = size
    }

    /// The content blocks as they came, audio and unknown types included; empty if `content` is not an array.
    public var content: [JSON] { members["content"]?.arrayValue ?? [] }

    /// The structured result: any JSON value, null included; `nil` if absent.
    public var structuredContent: JSON? { members["structuredContent"] }

    /// The members of `_meta`; empty if absent.
    public var meta: JSONObject { members["_meta"]?.objectValue ?? JSONObject() }

    /// Whether the tool reports a failure.
    public var isError: Bool { Fields(members, of: "a tool's result").flag("isError") }

    /// The result as an agent reads it: content that a model cannot be shown, such as audio, becomes text that says so.
    ///
    /// - Parameter remark: called with each defect of the result.
    public func reading(remark: (String) -> Void = { _ in }) -> ToolResult {
        ToolResult(answered: members, remark: remark)
    }
}
