/// Sends the content of a streamed response.
public struct ResponseWriter: Sendable {
    private let stream: ResponseStream
    private let isChunked: Bool

    init(_ stream: ResponseStream, isChunked: Bool) {
        self.stream = stream
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
            try stream.queue(size + bytes + [.carriageReturn, .lineFeed])
        } else {
            try stream.queue(bytes)
        }
        try await stream.waitForRoom()
    }

    /// Sends text as UTF-8. See ``write(_:)-([UInt8])``.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }
}
