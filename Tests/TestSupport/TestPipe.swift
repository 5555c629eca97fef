import Foundation

/// Makes a write that nobody reads any more an error and not the end of the process, as every user of the libraries must.
package func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
}

/// A pipe of the system, whose ends a test closes as it likes.
package final class TestPipe: Sendable {
    /// The end to read from.
    package let readEnd: Int32
    /// The end to write to.
    package let writeEnd: Int32

    /// A pipe.
    package init() throws {
        ignoreBrokenPipes()
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    /// Nobody reads any more.
    package func closeReadEnd() {
        close(readEnd)
    }

    /// Ends what there is to read. Unlike a close it leaves the descriptor to whoever may still be writing: what they
    /// write leads nowhere.
    package func endStream() {
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        dup2(nowhere, writeEnd)
        _ = fcntl(writeEnd, F_SETFD, FD_CLOEXEC)
        close(nowhere)
    }
}

/// Reads what there is, waiting for something. Blocks the calling thread.
///
/// - Returns: nothing at the end of the stream.
package func readSome(from descriptor: Int32, atMost limit: Int = 64 * 1024) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = read(descriptor, &buffer, limit)
    return Array(buffer.prefix(max(0, count)))
}

/// Reads to the end of the stream. Blocks the calling thread.
package func readAll(from descriptor: Int32) -> [UInt8] {
    var content: [UInt8] = []
    while case let piece = readSome(from: descriptor), !piece.isEmpty { content += piece }
    return content
}
