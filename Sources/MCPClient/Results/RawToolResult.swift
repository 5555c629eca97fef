public import JSON
public import MCP

/// What a server answered to `tools/call`, as it wrote it: for whoever passes it on, or reads more of it than a model
/// does. ``reading(remark:)`` is what an agent makes of it.
public struct RawToolResult: Sendable, Equatable {
    /// The whole result: also members, and kinds of content, that no revision has. Nothing in it is checked.
    public let members: JSONObject
    /// Bytes of the answer on the wire.
    public let size: Int

    /// A result.
    public init(members: JSONObject, size: Int) {
        self.members = members
        self.size = size
    }

    /// The blocks of content as they came, sound and unknown kinds included; empty where there is no list of them.
    public var content: [JSON] { members["content"]?.arrayValue ?? [] }

    /// The result for programs: any value, also null. `nil` where there is none.
    public var structuredContent: JSON? { members["structuredContent"] }

    /// What `_meta` holds; empty where there is none.
    public var meta: JSONObject { members["_meta"]?.objectValue ?? JSONObject() }

    /// Whether the tool says that it could not do what was asked.
    public var isError: Bool { Fields(members, of: "a tool's result").flag("isError") }

    /// What an agent reads of the result: what a model cannot be shown, sound for one, becomes text that says so.
    ///
    /// - Parameter remark: told what is wrong with the result.
    public func reading(remark: (String) -> Void = { _ in }) -> ToolResult {
        ToolResult(answered: members, remark: remark)
    }
}
