import SystemCalls

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A system error of a socket call.
struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    let number: Int32

    /// The system's own message.
    var description: String { String(cString: strerror(number)) }

    static func last() -> SocketError { SocketError(number: errno) }
}

/// Wrappers around the system's socket calls; none blocks or raises a signal.
enum Socket {
    #if canImport(Glibc)
        static let stream = Int32(SOCK_STREAM.rawValue)
        static let newFlags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        static let sendFlags = Int32(MSG_NOSIGNAL)
        /// What `poll` reports when the peer has closed its sending half; Darwin reports POLLHUP instead.
        static let hungUp = Int16(POLLRDHUP)
    #else
        static let stream = SOCK_STREAM
        static let newFlags: Int32 = 0
        static let sendFlags: Int32 = 0
        static let hungUp: Int16 = 0
    #endif

    /// Makes a descriptor close-on-exec and non-blocking, and suppresses SIGPIPE.
    static func prepare(_ descriptor: Int32) {
        Descriptors.closeOnExec(descriptor)
        Descriptors.setNonBlocking(descriptor)
        #if canImport(Darwin)
            setOption(descriptor, SOL_SOCKET, SO_NOSIGPIPE)
        #endif
    }

    static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32 = 1) {
        var value = value
        _ = setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Makes the system find out within about a minute, rather than two hours, that the peer is gone.
    static func probeOften(_ descriptor: Int32) {
        #if canImport(Glibc)
            setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
        #else
            setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPALIVE, 15)
        #endif
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 15)
    }

    /// - Returns: the number of bytes sent; 0 if it would block.
    static func send(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) throws(SocketError) -> Int {
        let sent = bytes.withUnsafeBytes { buffer in
            retryingInterrupts {
                #if canImport(Glibc)
                    Glibc.send(descriptor, buffer.baseAddress, buffer.count, sendFlags)
                #else
                    Darwin.send(descriptor, buffer.baseAddress, buffer.count, sendFlags)
                #endif
            }
        }
        if sent >= 0 { return sent }
        if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
        throw .last()
    }

    /// - Returns: the number of bytes received; 0 at the end of the stream; `nil` if it would block.
    static func receive(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) throws(SocketError) -> Int? {
        let count = retryingInterrupts { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
        if count >= 0 { return count }
        if errno == EAGAIN || errno == EWOULDBLOCK { return nil }
        throw .last()
    }

    /// Accepts the next connection of a listener.
    ///
    /// - Returns: `nil` if none is pending.
    static func accept(_ listener: Int32) throws(SocketError) -> (descriptor: Int32, remote: RemoteAddress)? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = withAddress(&address) { address in
            retryingInterrupts {
                #if canImport(Glibc)
                    accept4(listener, __SOCKADDR_ARG(__sockaddr__: address), &size, newFlags)
                #else
                    Darwin.accept(listener, address, &size)
                #endif
            }
        }
        guard descriptor >= 0 else {
            // A connection that was aborted before it was accepted counts as none.
            if [EAGAIN, EWOULDBLOCK, ECONNABORTED].contains(errno) { return nil }
            throw .last()
        }
        prepare(descriptor)
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
        setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE)
        return (descriptor, RemoteAddress(address, size))
    }

    static func closeDescriptor(_ descriptor: Int32) {
        _ = close(descriptor)
    }

    /// Closes the sending half of a connection, so that the peer sees the end of the stream.
    static func endOutput(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Passes an address to a call as a `sockaddr` pointer.
    static func withAddress(
        _ address: inout sockaddr_storage, _ body: (UnsafeMutablePointer<sockaddr>) -> Int32
    ) -> Int32 {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
        }
    }
}
