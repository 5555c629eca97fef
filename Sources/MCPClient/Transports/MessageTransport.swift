import JSON
import JSONRPC

/// Carries JSON-RPC messages to a server and back. Knows nothing about the meaning of methods, except what the
/// transport itself depends on.
protocol MessageTransport: Sendable {
    /// Whether requests have headers.
    var hasHeaders: Bool { get }

    /// Starts to pass messages on to `receiver`. Called once, before anything else.
    ///
    /// - Throws: ``MCPClientError/cannotStart(_:)``.
    func open(_ receiver: any MessageReceiver) throws(MCPClientError)

    /// Queues a message. Returns at once.
    ///
    /// - Returns: why it can't be sent; `nil` if it is queued.
    func send(_ message: OutgoingMessage) -> MCPClientError?

    /// Takes a request back before it is sent.
    ///
    /// - Returns: whether that was possible: the server has not received any part of it, and will not.
    func withdraw(_ id: Int) -> Bool

    /// Drops a request whose response nobody waits for any more.
    ///
    /// - Parameter cancellation: the notification that tells the server; `nil` if it must not be told.
    func abandon(_ id: Int, cancellation: Notification?)

    /// Adapts to what the handshake has found out about the server.
    func adapt(to server: ServerDescription)

    /// Closes the connection and waits until the server has ended, or some time after it was killed.
    func close() async
}

/// A message to a server.
enum OutgoingMessage: Sendable {
    /// A request with an integer id; `headers` are for transports that have headers.
    case request(Request, headers: [HeaderField])
    case notification(Notification)
    /// The response to a request of the server.
    case response(Response)

    /// Whether it has a response.
    var isRequest: Bool { if case .request = self { true } else { false } }

    /// The id of a request; `nil` for other messages.
    var id: Int? {
        guard case .request(let request, _) = self, case .integer(let id) = request.id else { return nil }
        return id
    }

    /// The message on the wire.
    var json: JSON {
        switch self {
        case .request(let request, _): request.json
        case .notification(let notification): notification.json
        case .response(let response): response.json
        }
    }
}

/// Accepts what a transport receives. Nothing more is read from the source of a message until the call returns.
protocol MessageReceiver: Sendable {
    /// Accepts a message, or what stands in its place.
    ///
    /// - Parameter request: the only request that it can respond to; `nil` if it may be any.
    func receive(_ line: LineSplitter.Line, of request: Int?)

    /// Fails a request that can't get a response any more. Has no effect if it is over already.
    func fail(_ id: Int, _ error: MCPClientError)

    /// Whether a request waits for its response.
    func isWaiting(for id: Int) -> Bool

    /// Reports a protocol violation that is tolerated.
    func remark(_ text: String)

    /// Accepts a description of how the server ended. No messages follow.
    func end(_ description: String)
}
