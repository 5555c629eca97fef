#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the program asks of open files.
enum Descriptors {
    /// Whether a descriptor is a terminal.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether two descriptors are of one file, terminal or pipe.
    static func areOne(_ first: Int32, _ second: Int32) -> Bool {
        var (one, other) = (stat(), stat())
        return fstat(first, &one) == 0 && fstat(second, &other) == 0 && one.st_dev == other.st_dev
            && one.st_ino == other.st_ino
    }

    /// The size of a terminal in characters; the usual one where it does not say.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return (80, 24) }
        return (size.ws_col > 0 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24)
    }

    /// Writes all of it. Blocks the calling thread.
    ///
    /// - Returns: whether it could be written.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { piece in
                #if canImport(Glibc)
                    Glibc.write(descriptor, piece.baseAddress, piece.count)
                #else
                    Darwin.write(descriptor, piece.baseAddress, piece.count)
                #endif
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Whoever shares the descriptor with us has made it one that does not wait.
                var watch = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&watch, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Reads to the end. Blocks the calling thread.
    ///
    /// - Parameter waits: whether to wait for the end even if the descriptor is non-blocking, as another process that shares it
    ///   may have made it.
    /// - Returns: `nil` where there is more than `limit` bytes, or where it cannot be read.
    static func readAll(from descriptor: Int32, limit: Int, waits: Bool = true) -> [UInt8]? {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= limit {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN && waits {
                var watch = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&watch, 1, -1)
                continue
            }
            guard count >= 0 else { return nil }
            if count == 0 { return content }
            content += buffer[..<count]
        }
        return nil
    }

    /// The content of a file.
    ///
    /// - Returns: `nil` where it cannot be read or has more than `limit` bytes.
    static func readFile(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return readAll(from: descriptor, limit: limit, waits: false)
    }
}
