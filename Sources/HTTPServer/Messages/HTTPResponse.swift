/// A response. The server itself adds the framing fields (`Content-Length`, `Transfer-Encoding`, `Connection`) and
/// `Date`.
public struct HTTPResponse: Sendable {
    /// The content of a response.
    public enum Body: Sendable {
        /// The whole content.
        case bytes([UInt8])
        /// Produced piece by piece while it is sent. Not called for a `HEAD` request. The task is cancelled when the
        /// client goes away. If the closure throws, the connection ends, so that the client notices that content is
        /// missing.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
        /// Omitted because the request is a `HEAD`; with the length in bytes, or `nil` if unknown. In a response to
        /// any other method it is an error of the handler.
        case omitted(length: Int?)
    }

    /// The status, from 200 to 599.
    public var status: Int
    /// Additional header fields, in order.
    public var headers: [HTTPHeader]
    /// The content.
    public var body: Body

    /// Creates a response.
    public init(status: Int = 200, headers: [HTTPHeader] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Creates a plain-text response.
    public init(status: Int = 200, text: String) {
        self.init(
            status: status, headers: [HTTPHeader("Content-Type", "text/plain; charset=utf-8")],
            body: .bytes(Array((text + "\n").utf8)))
    }
}
