#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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

    /// Reads to the end of the stream and calls `body` with each line, in order. Blocks the calling thread. A last line
    /// without an end is no message.
    public func forEachLine(_ body: (LineSplitter.Line) -> Void) {
        var splitter = LineSplitter(limit: lineLimit)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            splitter.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]), body)
        }
    }
}
