/// Sends the content of a streamed response.
public struct ResponseWriter: Sendable {
    private let exchange: ResponseStream
    private let isChunked: Bool

    init(_ exchange: ResponseStream, isChunked: Bool) {
        self.exchange = exchange
        self.isChunked = isChunked
    }

    /// Sends a piece of content. Returns at once while the client keeps up; otherwise waits until it has caught up.
    /// Pieces of concurrent calls are never interleaved.
    ///
    /// - Throws: ``ConnectionClosedError`` if the client is gone or was too slow, and `CancellationError` if the task
    ///   is cancelled.
    public func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        // An empty chunk would end the content.
        guard !bytes.isEmpty else { return }
        if isChunked {
            let size = Array("\(String(bytes.count, radix: 16))\r\n".utf8)
            try exchange.queue(size + bytes + [.carriageReturn, .lineFeed])
        } else {
            try exchange.queue(bytes)
        }
        try await exchange.waitForRoom()
    }

    /// Sends text as UTF-8. See ``write(_:)-([UInt8])``.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }
}
