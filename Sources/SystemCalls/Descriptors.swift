#if canImport(Glibc)
    public import Glibc
#elseif canImport(Darwin)
    public import Darwin
#endif

/// Operations on file descriptors of files, pipes and terminals.
public enum Descriptors {
    /// Creates a pipe whose ends child processes don't inherit.
    ///
    /// - Throws: ``SystemError``.
    public static func makePipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .last }
        #else
            guard pipe(&ends) == 0 else { throw .last }
            for end in ends { closeOnExec(end) }
        #endif
        return (ends[0], ends[1])
    }

    /// Keeps child processes from inheriting a descriptor.
    public static func closeOnExec(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Makes reads and writes on a descriptor return `EAGAIN` instead of blocking.
    ///
    /// Only for files that aren't shared: the flag belongs to the open file description, so it would also affect other
    /// programs.
    public static func setNonBlocking(_ descriptor: Int32) {
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Waits until one of `polls` is ready. Blocks the calling thread.
    ///
    /// - Parameter milliseconds: the timeout; -1 for none.
    /// - Returns: whether any is ready.
    public static func waitUntilReady(_ polls: inout [pollfd], milliseconds: Int32) -> Bool {
        retryingInterrupts { poll(&polls, nfds_t(polls.count), milliseconds) } > 0
    }

    /// Waits as ``waitUntilReady(_:milliseconds:)`` does, for one descriptor.
    ///
    /// - Parameter events: `POLLIN`, `POLLOUT` or both.
    public static func waitUntilReady(_ descriptor: Int32, for events: Int32, milliseconds: Int32 = -1) -> Bool {
        var watch = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return retryingInterrupts { poll(&watch, 1, milliseconds) } > 0
    }

    /// Reads the available bytes, at most as many as `buffer` holds.
    ///
    /// - Returns: the number of bytes; 0 at the end, -1 with `errno` for an error, which is never `EINTR`.
    public static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        retryingInterrupts { read(descriptor, buffer.baseAddress, buffer.count) }
    }

    /// Writes as many bytes as a single call accepts.
    ///
    /// - Returns: the number of bytes; -1 with `errno` for an error, which is never `EINTR`.
    public static func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        retryingInterrupts {
            #if canImport(Glibc)
                Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #else
                Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    /// Writes all of `bytes`. Blocks the calling thread, even if another process that shares the file has made it
    /// non-blocking.
    ///
    /// - Parameter stallTimeout: the number of milliseconds without progress after which to give up; -1 for no limit.
    /// - Returns: whether all bytes were written; otherwise `errno` says why not.
    @discardableResult
    public static func write(_ bytes: [UInt8], to descriptor: Int32, stallTimeout: Int32 = -1) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = writeSome(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else {
                    guard errno == EAGAIN, waitUntilReady(descriptor, for: POLLOUT, milliseconds: stallTimeout) else {
                        return false
                    }
                }
            }
            return true
        }
    }

    /// A file's contents couldn't be read.
    public enum ContentsError: Error, Sendable, Equatable {
        /// The file has more bytes than the limit.
        case tooLong
        /// A system call failed.
        case system(SystemError)
    }

    /// Reads to the end of the file. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of bytes.
    ///   - waits: whether to wait for the end even if the descriptor is non-blocking, which another process that
    ///     shares it may have caused.
    /// - Throws: ``ContentsError``.
    public static func contents(
        of descriptor: Int32, limit: Int, waits: Bool = true
    ) throws(ContentsError) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= limit {
            let count = buffer.withUnsafeMutableBytes { readSome(descriptor, $0) }
            if count < 0 && errno == EAGAIN && waits && waitUntilReady(descriptor, for: POLLIN) { continue }
            guard count >= 0 else { throw .system(.last) }
            if count == 0 { return content }
            content += buffer[..<count]
        }
        throw .tooLong
    }

    /// Reads as ``contents(of:limit:waits:)`` does.
    ///
    /// - Returns: `nil` if it can't be read or has more than `limit` bytes.
    public static func readAll(from descriptor: Int32, limit: Int) -> [UInt8]? {
        try? contents(of: descriptor, limit: limit)
    }

    /// Reserves the descriptors of standard streams that were closed when the program started. Otherwise the next
    /// opened file would get the number, and output to the stream would end up in it. Reads and writes on them fail,
    /// as on closed descriptors.
    public static func reserveStandardStreams() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Whether a descriptor is a terminal.
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether two descriptors refer to the same file, terminal or pipe.
    public static func areOne(_ first: Int32, _ second: Int32) -> Bool {
        var (one, other) = (stat(), stat())
        return fstat(first, &one) == 0 && fstat(second, &other) == 0 && one.st_dev == other.st_dev
            && one.st_ino == other.st_ino
    }

    /// Returns the size of a terminal in characters; 80 × 24 if it is unknown.
    public static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return (80, 24) }
        return (size.ws_col > 0 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24)
    }
}
