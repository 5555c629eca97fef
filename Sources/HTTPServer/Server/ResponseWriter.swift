/// Sends the content of a streamed answer.
public struct ResponseWriter: Sendable {
    private let exchange: ResponseStream
    private let isChunked: Bool

    init(_ exchange: ResponseStream, isChunked: Bool) {
        self.exchange = exchange
        self.isChunked = isChunked
    }

    /// Sends a piece as soon as the client takes it. Returns at once while the client keeps up, and otherwise waits
    /// until it has caught up. Pieces of concurrent calls stay whole.
    ///
    /// - Throws: ``ConnectionClosedError`` when the client is gone or was too slow, and `CancellationError` when the task
    ///   is cancelled.
    public func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        // An empty chunk would be the last.
        guard !bytes.isEmpty else { return }
        if isChunked {
            let size = Array("\(String(bytes.count, radix: 16))\r\n".utf8)
            try exchange.queue(size + bytes + [.carriageReturn, .lineFeed])
        } else {
            try exchange.queue(bytes)
        }
        try await exchange.waitForRoom()
    }

    /// Sends a piece of text in UTF-8. See ``write(_:)-([UInt8])``.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }
}
