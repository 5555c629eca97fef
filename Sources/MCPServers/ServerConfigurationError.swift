/// The configuration can't be used. States where and why, and what would be valid.
public struct ServerConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence, without a final period.
    public let message: String

    /// An error with this message.
    public init(message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
