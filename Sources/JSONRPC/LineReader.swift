import SystemCalls

/// Reads lines from a descriptor. Doesn't take ownership of it.
public struct LineReader: Sendable {
    private static let readSize = 64 * 1024

    private let descriptor: Int32
    private let lineLimit: Int

    /// A reader that drops lines longer than `lineLimit` bytes.
    public init(descriptor: Int32, lineLimit: Int) {
        self.descriptor = descriptor
        self.lineLimit = lineLimit
    }

    /// Reads to the end of the stream and calls `body` with each line, in order, and with an unterminated last line.
    /// Blocks the calling thread, even if another process that shares the descriptor has made it non-blocking.
    ///
    /// - Throws: ``ReadError`` if reading fails before the end; `body` has received the lines up to there.
    public func forEachLine(_ body: (LineSplitter.Line) -> Void) throws(ReadError) {
        var splitter = LineSplitter(limit: lineLimit)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Descriptors.readSome(descriptor, buffer)
            if count > 0 {
                splitter.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]), body)
            } else if count == 0 {
                return splitter.end(body)
            } else {
                // The flag is shared: another program that has the pipe open may have set it.
                guard errno == EAGAIN, Descriptors.waitUntilReady(descriptor, for: POLLIN) else {
                    throw ReadError(number: errno)
                }
            }
        }
    }
}

/// A descriptor couldn't be read.
public struct ReadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system's error number.
    let number: Int32

    /// The system's message for the error number.
    public var description: String { SystemError(number: number).description }
}
