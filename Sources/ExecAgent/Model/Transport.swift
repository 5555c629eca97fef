/// Sends requests to an endpoint.
protocol Transport: Sendable {
    /// The host that requests are sent to, to name in errors.
    var host: String { get }

    /// Posts a JSON text to the endpoint's chat completions. The request ends when the reader stops reading.
    func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error>
}

/// The events of a response: one head, then the body in pieces. Fails with ``TransportError``.
enum TransportEvent: Sendable, Equatable {
    case head(UpstreamResponseHead)
    case bytes([UInt8])
}

/// The relevant parts of a response's head.
struct UpstreamResponseHead: Sendable, Equatable {
    var status: Int
    /// The `Retry-After` field; `nil` if missing.
    var retryAfter: String?
    /// The `Location` field; `nil` if missing.
    var location: String?
}

/// Why no response arrived, or only part of it.
enum TransportError: Error, Sendable, Equatable {
    /// The host name cannot be resolved.
    case unknownHost
    /// The connection was refused.
    case refused
    /// No connection was established within this number of seconds.
    case unconnected(seconds: Int)
    /// A proxy on the way refuses, or cannot be reached; with the reason, and whether the failure may be temporary.
    case proxy(String, mayPass: Bool)
    /// The connection was lost.
    case lost
    /// The idle timeout expired without data.
    case silent
    /// No trusted TLS connection could be established; with the reason.
    case insecure(String)
    /// The response exceeds this number of bytes.
    case tooLarge(limit: Int)
    /// The response isn't HTTP, or another failure; with the reason.
    case other(String)
}
