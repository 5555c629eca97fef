/// Sends requests to an endpoint.
protocol Transport: Sendable {
    /// The host that requests go to, for errors.
    var host: String { get }

    /// Posts a JSON text to the chat completions of the endpoint. Who stops reading ends the request.
    func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error>
}

/// What comes of a request: one head, then the body in pieces. Fails with ``TransportError``.
enum TransportEvent: Sendable, Equatable {
    case head(ResponseHead)
    case bytes([UInt8])
}

/// What is of use of an answer's head.
struct ResponseHead: Sendable, Equatable {
    var status: Int
    /// The field `Retry-After`; `nil` where there is none.
    var retryAfter: String?
    /// The field `Location`, likewise.
    var location: String?
}

/// Why no answer, or not the whole of one, came.
enum TransportError: Error, Sendable, Equatable {
    /// The host's name is unknown.
    case unknownHost
    /// Nobody takes the connection.
    case refused
    /// No connection came about within so many seconds.
    case unconnected(seconds: Int)
    /// A proxy on the way refuses, or cannot be reached; with the reason, and whether that may pass.
    case proxy(String, mayPass: Bool)
    /// The connection broke.
    case lost
    /// Nothing came for the whole of the idle timeout.
    case silent
    /// There is no trustworthy TLS connection; with the reason.
    case insecure(String)
    /// More than so many bytes came.
    case tooLarge(limit: Int)
    /// What came is not HTTP, or anything else; with the reason.
    case other(String)
}
