/// How large an answer of a model may get before it is given up.
public struct AnswerLimits: Sendable, Equatable {
    /// Bytes of text.
    public var textBytes = 8 << 20
    /// Tool calls.
    public var toolCalls = 128
    /// Bytes of the names, ids and arguments of all tool calls together.
    public var argumentBytes = 8 << 20
    /// Bytes of members that this library does not know, reasoning among them.
    public var memberBytes = 8 << 20

    /// The usual limits.
    public init() {}
}
