import JSONRPC
import Threading

/// The lines that a person types.
enum InputLines {
    /// The longest line, in bytes. A terminal itself takes no more than 4 KiB.
    private static let limit = 1 << 20

    /// The lines of `descriptor`, one after the other, until its end.
    ///
    /// - Throws: ``ThreadError``.
    static func of(_ descriptor: Int32) throws(ThreadError) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        try BackgroundThread.start {
            // Where it cannot be read, it is over.
            try? LineReader(descriptor: descriptor, lineLimit: limit).forEachLine { line in
                switch line {
                case .complete(let bytes), .unfinished(let bytes):
                    continuation.yield(String(decoding: bytes, as: UTF8.self))
                case .tooLong: break
                }
            }
            continuation.finish()
        }
        return lines
    }
}
