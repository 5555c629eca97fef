/// A request that the server itself refuses, before any handler sees it.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The status of the answer: 4xx or 5xx.
    public let status: Int
    /// What is wrong, as a sentence for whoever wrote the client.
    public let reason: String

    /// A refusal.
    public init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
