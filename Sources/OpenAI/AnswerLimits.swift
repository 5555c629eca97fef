/// Size limits beyond which a model's answer is rejected.
public struct AnswerLimits: Sendable, Equatable {
    /// Maximum text size, in bytes.
    public var textBytes = 8 << 20
    /// Maximum number of tool calls.
    public var toolCalls = 128
    /// Maximum total size of the names, ids and arguments of all tool calls, in bytes.
    public var argumentBytes = 8 << 20
    /// Maximum total size of members unknown to this library, including reasoning, in bytes.
    public var memberBytes = 8 << 20

    /// Creates the default limits.
    public init() {}
}
