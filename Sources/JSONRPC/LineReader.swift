import SystemCalls

/// Reads lines from a descriptor, which stays the caller's.
public struct LineReader: Sendable {
    private static let readSize = 64 * 1024

    private let descriptor: Int32
    private let lineLimit: Int

    /// A reader that gives up lines longer than `lineLimit` bytes.
    public init(descriptor: Int32, lineLimit: Int) {
        self.descriptor = descriptor
        self.lineLimit = lineLimit
    }

    /// Reads to the end of the stream and calls `body` with each line, in order, and with what stands behind the last line
    /// end. Blocks the calling thread, even if another process that shares the descriptor has made it non-blocking.
    ///
    /// - Throws: ``ReadError`` where it cannot be read to the end; the lines before that have been given to `body`.
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
                // The flag belongs to the pipe: another program that has it may have set it.
                guard errno == EAGAIN, Descriptors.waitUntilReady(descriptor, for: POLLIN) else {
                    throw ReadError(number: errno)
                }
            }
        }
    }
}

/// A descriptor cannot be read.
public struct ReadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system's error number.
    let number: Int32

    /// The system's words for it.
    public var description: String { SystemError(number: number).description }
}
