import JSONRPC

/// A request that is being worked on: by it the work can tell the client something meanwhile.
struct RequestNotifier: Sendable {
    /// The request's id.
    let id: RequestID
    private let send: @Sendable (Notification) -> Void

    /// - Parameter send: writes a notification, unless the request has its answer or was cancelled.
    init(id: RequestID, send: @escaping @Sendable (Notification) -> Void) {
        self.id = id
        self.send = send
    }

    /// Sends a notification. After the answer or a cancellation nothing more is sent (2026-07-28,
    /// basic/patterns/progress and cancellation), and nothing to a client that has much to read already.
    func notify(_ notification: Notification) { send(notification) }
}
