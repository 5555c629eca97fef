#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A TCP connection to a host. Its calls block, and all but ``abort()`` are for one thread in each direction.
struct OutboundSocket: Sendable {
    private let descriptor: Int32

    /// Begins to connect. What comes of it tells ``finishConnecting(seconds:)``.
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
        // A host that vanished is noticed though nobody writes.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let begun = address.withSocketAddress(port: port) { systemConnect(descriptor, $0, $1) }
        guard begun == 0 || errno == EINPROGRESS else {
            let number = errno
            close()
            throw Self.unreachable(number)
        }
    }

    /// Waits until the connection is there.
    ///
    /// - Throws: ``EgressError`` where it cannot be made, or not in time.
    func finishConnecting(seconds: Double) throws(EgressError) {
        var watch = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let rest = ContinuousClock.now.duration(to: deadline) / .seconds(1)
            guard rest > 0 else { throw EgressError(.unreachable, "Nobody answered in \(Int(seconds)) seconds.") }
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

    /// Reads what there is, at most so many bytes, waiting for the first.
    ///
    /// - Returns: an empty array at the end; `nil` where the connection is broken.
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
    /// - Returns: false where the connection is broken.
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

    /// Tells the host that nothing more is sent to it.
    func endWriting() {
        _ = shutdown(descriptor, Self.writing)
    }

    /// Breaks the connection: whoever waits in a call returns from it, and what is not sent yet never will be. A host that
    /// reads nothing would not hear of an end behind what it has not read.
    func abort() {
        var atOnce = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        _ = shutdown(descriptor, Self.both)
    }

    /// Gives the descriptor back. Nobody may use the socket any more.
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
