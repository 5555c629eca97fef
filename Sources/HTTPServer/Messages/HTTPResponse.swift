/// An answer. What frames it (`Content-Length`, `Transfer-Encoding`, `HTTPConnection`) and the `Date` are the server's to say.
public struct HTTPResponse: Sendable {
    /// The content.
    public enum Body: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// Made piece by piece while it is sent. Not called for a `HEAD` request. The task is cancelled when the client
        /// goes away; what is thrown ends the connection, so that the client can tell that something is missing.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
        /// Not made, because the request is a `HEAD`; with its length in bytes, `nil` where that is not known. As the
        /// answer to any other request it is an error of the handler.
        case omitted(length: Int?)
    }

    /// The status, from 200 to 599.
    public var status: Int
    /// Further fields, in order.
    public var headers: [HTTPHeader]
    /// The content.
    public var body: Body

    /// An answer.
    public init(status: Int = 200, headers: [HTTPHeader] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer of plain text.
    public init(status: Int = 200, text: String) {
        self.init(
            status: status, headers: [HTTPHeader("Content-Type", "text/plain; charset=utf-8")],
            body: .bytes(Array((text + "\n").utf8)))
    }
}
