#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A TCP connection to a host. Its calls block, and all except ``abort()`` may be used by one thread per direction.
struct OutboundSocket: Sendable {
    private let descriptor: Int32

    /// Starts to connect. ``finishConnecting(seconds:)`` waits for the outcome.
    ///
    /// - Throws: ``EgressError``.
    init(connectingTo address: IPAddress, port: UInt16) throws(EgressError) {
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        descriptor = socket(address.isVersion4 ? AF_INET : AF_INET6, kind, 0)
        guard descriptor >= 0 else { throw Self.unreachable(errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        // Detects a host that has vanished even if nobody writes.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let result = address.withSocketAddress(port: port) { systemConnect(descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            let number = errno
            close()
            throw Self.unreachable(number)
        }
    }

    /// Waits until the connection is established.
    ///
    /// - Throws: ``EgressError`` if it fails or times out.
    func finishConnecting(seconds: Double) throws(EgressError) {
        var watch = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let rest = ContinuousClock.now.duration(to: deadline) / .seconds(1)
            guard rest > 0 else { throw EgressError(.unreachable, "No answer within \(Int(seconds)) seconds.") }
            let count = poll(&watch, 1, Int32(rest * 1000) + 1)
            if count > 0 { break }
            guard count == 0 || errno == EINTR else { throw Self.unreachable(errno) }
        }
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
        guard number == 0 else { throw Self.unreachable(number) }
        _ = fcntl(descriptor, F_SETFL, 0)
    }

    /// Reads the available bytes, at most `count`, and waits for the first one.
    ///
    /// - Returns: an empty array at the end of the stream; `nil` if the connection is broken.
    func read(atMost count: Int) -> [UInt8]? {
        var length = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            repeat {
                length = systemRead(descriptor, buffer.baseAddress, count)
            } while length < 0 && errno == EINTR
            initialized = max(0, length)
        }
        return length < 0 ? nil : bytes
    }

    /// Writes all of the bytes.
    ///
    /// - Returns: `false` if the connection is broken.
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = systemWrite(descriptor, piece.baseAddress, piece.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    /// Shuts down the sending side.
    func endWriting() {
        _ = shutdown(descriptor, Self.writing)
    }

    /// Resets the connection: blocked calls return, and unsent bytes are discarded. An orderly shutdown would not
    /// reach a host that has stopped reading.
    func abort() {
        var atOnce = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        _ = shutdown(descriptor, Self.both)
    }

    /// Closes the descriptor. The socket must not be used afterwards.
    func close() {
        _ = systemClose(descriptor)
    }

    private static func unreachable(_ number: Int32) -> EgressError {
        EgressError(.unreachable, "It cannot be reached: \(String(cString: strerror(number))).")
    }

    #if canImport(Glibc)
        private static let writing = Int32(SHUT_WR)
        private static let both = Int32(SHUT_RDWR)
    #else
        private static let writing = SHUT_WR
        private static let both = SHUT_RDWR
    #endif
}

#if canImport(Glibc)
    private let systemConnect = Glibc.connect
    private let systemRead = Glibc.read
    private let systemWrite = Glibc.write
    private let systemClose = Glibc.close
#else
    private let systemConnect = Darwin.connect
    private let systemRead = Darwin.read
    private let systemWrite = Darwin.write
    private let systemClose = Darwin.close
#endif
