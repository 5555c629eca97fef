/// The configuration cannot be used. Says where and why, and what would be right.
public struct ServerConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence, without an end.
    public let message: String

    /// An error with this message.
    public init(message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
