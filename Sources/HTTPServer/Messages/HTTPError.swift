/// A request that the server itself rejects before any handler sees it.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The response status: 4xx or 5xx.
    public let status: Int
    /// What is wrong, as a sentence for the author of the client.
    public let reason: String
    /// Seconds after which the client may try again; `nil` if unknown.
    public let retryAfter: Int?

    /// Creates an error with a status and a reason.
    public init(_ status: Int, _ reason: String, retryAfter: Int? = nil) {
        self.status = status
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// The reason.
    public var description: String { reason }
}
