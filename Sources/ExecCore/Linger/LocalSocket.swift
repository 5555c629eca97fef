#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A Unix stream socket between two processes of this account that can pass file descriptors. No call takes longer
/// than ``timeoutSeconds`` seconds.
///
/// The owner of this value closes it.
struct LocalSocket: Sendable {
    /// Timeout of each send and receive, in seconds.
    static let timeoutSeconds = 1
    /// Maximum number of descriptors in one message.
    static let maxDescriptors = 8

    #if canImport(Glibc)
        private static let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        private static let sendFlags = Int32(MSG_NOSIGNAL)
        private static let receiveFlags = Int32(MSG_CMSG_CLOEXEC)
    #else
        private static let kind = SOCK_STREAM
        private static let sendFlags: Int32 = 0
        private static let receiveFlags: Int32 = 0
    #endif

    let descriptor: Int32

    /// Creates a listening socket in `directory`.
    ///
    /// - Returns: `nil` on failure.
    static func listening(in directory: LingerDirectory, at name: String) -> LocalSocket? {
        guard let socket = new() else { return nil }
        // Bound under a temporary name until it listens. A client whose connection is refused would take it for a
        // socket that a killed process left behind.
        let early = directory.file("." + name)
        let isBound = withAddress(of: early) { bind(socket.descriptor, $0, $1) == 0 } ?? false
        guard isBound, listen(socket.descriptor, 16) == 0, rename(early, directory.file(name)) == 0 else {
            if isBound { unlink(early) }
            socket.close()
            return nil
        }
        return socket
    }

    /// Connects to the socket at `path` if a process of this account listens there.
    ///
    /// - Throws: ``ConnectionError``.
    static func connected(to path: String) throws(ConnectionError) -> LocalSocket {
        guard let socket = new() else { throw ConnectionError(number: errno) }
        let code = withAddress(of: path) { connect(socket.descriptor, $0, $1) == 0 ? 0 : errno } ?? ENAMETOOLONG
        guard code == 0, socket.isOfThisAccount else {
            socket.close()
            throw ConnectionError(number: code == 0 ? EPERM : code)
        }
        return socket
    }

    /// The connection failed.
    struct ConnectionError: Error {
        let number: Int32

        /// Whether the listening process is gone for good.
        var isFinal: Bool { number == ECONNREFUSED }
    }

    /// Accepts a connection from this account; `nil` if none.
    func accept() -> LocalSocket? {
        #if canImport(Glibc)
            let taken = Glibc.accept(descriptor, nil, nil)
        #else
            let taken = Darwin.accept(descriptor, nil, nil)
        #endif
        guard taken >= 0 else { return nil }
        let socket = LocalSocket(prepared: taken)
        guard socket.isOfThisAccount else {
            socket.close()
            return nil
        }
        return socket
    }

    func close() {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Darwin.close(descriptor)
        #endif
    }

    /// Sends `bytes`, at least one, with copies of `descriptors` attached to the first.
    ///
    /// - Returns: whether all of them were sent.
    func send(_ bytes: [UInt8], with descriptors: [Int32] = []) -> Bool {
        var bytes = bytes
        var control = ControlMessage(descriptors)
        return bytes.withUnsafeMutableBytes { bytes in
            control.withBytes { control in
                var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    if !descriptors.isEmpty {
                        message.msg_control = control.baseAddress
                        message.msg_controllen = numericCast(control.count)
                    }
                    return sendmsg(self.descriptor, &message, Self.sendFlags) == bytes.count
                }
            }
        }
    }

    /// Waits for bytes and returns those that arrive together. The caller owns the descriptors, which are marked
    /// close-on-exec.
    ///
    /// - Returns: `nil` at the end of the stream, on timeout, or if too many descriptors arrived.
    func receive(limit: Int) -> (bytes: [UInt8], descriptors: [Int32])? {
        var bytes = [UInt8](repeating: 0, count: limit)
        var control = ControlMessage(room: Self.maxDescriptors)
        var (count, flags) = (0, Int32(0))
        bytes.withUnsafeMutableBytes { bytes in
            control.withBytes { control in
                var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = numericCast(control.count)
                    count = recvmsg(self.descriptor, &message, Self.receiveFlags)
                    flags = message.msg_flags
                }
            }
        }
        guard count >= 0 else { return nil }
        let descriptors = control.descriptors
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        guard count > 0, flags & Int32(MSG_CTRUNC) == 0 else {
            for descriptor in descriptors { LocalSocket(descriptor: descriptor).close() }
            return nil
        }
        return (Array(bytes[..<count]), descriptors)
    }

    /// Wraps a socket that this process inherited or received; `nil` if the descriptor isn't open.
    init?(inherited descriptor: Int32) {
        guard fcntl(descriptor, F_GETFD) >= 0 else { return nil }
        self.init(descriptor: descriptor)
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    private init(prepared descriptor: Int32) {
        self.init(descriptor: descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var timeoutSeconds = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeoutSeconds, socklen_t(MemoryLayout<timeval>.size))
        }
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    private static func new() -> LocalSocket? {
        let descriptor = socket(AF_UNIX, kind, 0)
        return descriptor >= 0 ? LocalSocket(prepared: descriptor) : nil
    }

    /// Whether the process at the other end belongs to this account.
    private var isOfThisAccount: Bool {
        #if canImport(Glibc)
            // The peer's process, user and group ids.
            var credentials: (UInt32, UInt32, UInt32) = (0, UInt32.max, 0)
            var size = socklen_t(MemoryLayout.size(ofValue: credentials))
            let code = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
            return code == 0 && size == 12 && credentials.1 == geteuid()
        #else
            var (user, group) = (uid_t.max, gid_t.max)
            return getpeereid(descriptor, &user, &group) == 0 && user == geteuid()
        #endif
    }

    /// - Returns: `nil` if the path is too long for a socket address.
    private static func withAddress<Result>(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let text = Array(path.utf8) + [0]
        guard text.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// The control message that carries descriptors: a header followed by the numbers, with the system's alignment.
///
/// Laid out by hand because Swift doesn't import the C macros for it (`CMSG_LEN` and related ones).
private struct ControlMessage {
    private static let alignment: Int = {
        #if canImport(Glibc)
            MemoryLayout<Int>.size
        #else
            MemoryLayout<UInt32>.size
        #endif
    }()
    private static let headerSize = aligned(MemoryLayout<cmsghdr>.size)

    private static func aligned(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }

    // Words, so that the header is aligned.
    private var words: [UInt64]
    private let size: Int

    /// Reserves room for `room` descriptors.
    init(room: Int) {
        size = Self.headerSize + Self.aligned(room * MemoryLayout<Int32>.size)
        words = [UInt64](repeating: 0, count: (size + 7) / 8)
    }

    /// Encodes these descriptors.
    init(_ descriptors: [Int32]) {
        self.init(room: descriptors.count)
        var header = cmsghdr()
        header.cmsg_len = numericCast(Self.headerSize + descriptors.count * MemoryLayout<Int32>.size)
        header.cmsg_level = SOL_SOCKET
        header.cmsg_type = Int32(SCM_RIGHTS)
        words.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: header, as: cmsghdr.self)
            for (place, descriptor) in descriptors.enumerated() {
                bytes.storeBytes(of: descriptor, toByteOffset: Self.headerSize + place * 4, as: Int32.self)
            }
        }
    }

    mutating func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        let size = size
        return words.withUnsafeMutableBytes { body(UnsafeMutableRawBufferPointer(rebasing: $0[..<size])) }
    }

    /// The descriptors in a received message. If none was received, the buffer is all zeros, which decode to none.
    var descriptors: [Int32] {
        words.withUnsafeBytes { bytes in
            let header = bytes.load(as: cmsghdr.self)
            guard header.cmsg_level == SOL_SOCKET, header.cmsg_type == Int32(SCM_RIGHTS) else { return [] }
            let length = min(Int(header.cmsg_len), size) - Self.headerSize
            return (0..<max(0, length / 4)).map {
                bytes.load(fromByteOffset: Self.headerSize + $0 * 4, as: Int32.self)
            }
        }
    }
}
