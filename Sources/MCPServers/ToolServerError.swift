/// A request to a tool server failed.
public struct ToolServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened and what to do.
    public let message: String
    /// Whether the requested item doesn't exist.
    public var isNotFound = false

    /// An error with this message.
    public init(message: String, isNotFound: Bool = false) {
        self.message = message
        self.isNotFound = isNotFound
    }

    /// The message.
    public var description: String { message }
}
