#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The server cannot listen at the requested address.
public struct ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was requested and why it failed, in one line.
    public let description: String
}

/// The listening sockets.
struct Listener: Sendable {
    private static let backlog: Int32 = 512

    let descriptors: [Int32]
    let addresses: [RemoteAddress]

    /// Listens at every address of a host. Blocks the calling thread while a name is resolved.
    ///
    /// - Parameters:
    ///   - host: an address or a name.
    ///   - port: 0 for any free port, the same at every address.
    init(host: String, port: Int) throws(ListenError) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Socket.stream
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0 else {
            throw ListenError(description: "cannot find the host \(host): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }

        var bound: [(descriptor: Int32, address: RemoteAddress)] = []
        var missing: SocketError?
        do throws(SocketError) {
            var next = found
            while let entry = next {
                next = entry.pointee.ai_next
                do throws(SocketError) {
                    // The port that the system chose for the first address is requested for the others too.
                    bound.append(try Self.listen(entry.pointee, port: bound.first?.address.port ?? port))
                } catch  where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.number) {
                    // A name may resolve to an address family that this machine does not have.
                    missing = error
                }
            }
            if bound.isEmpty { throw missing ?? SocketError(number: EADDRNOTAVAIL) }
        } catch {
            for (descriptor, _) in bound { Socket.closeDescriptor(descriptor) }
            throw ListenError(description: "cannot listen on \(host), port \(port): \(error)")
        }
        descriptors = bound.map(\.descriptor)
        addresses = bound.map(\.address)
    }

    /// Stops listening.
    func close() {
        for descriptor in descriptors { Socket.closeDescriptor(descriptor) }
    }

    private static func listen(
        _ entry: addrinfo, port: Int
    ) throws(SocketError) -> (descriptor: Int32, address: RemoteAddress) {
        let descriptor = socket(entry.ai_family, Socket.stream | Socket.newFlags, entry.ai_protocol)
        guard descriptor >= 0 else { throw .last() }
        do throws(SocketError) {
            Socket.prepare(descriptor)
            Socket.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
            // An IPv6 address means only IPv6, not both families at once.
            if entry.ai_family == AF_INET6 { Socket.setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
            var address = storage(of: entry)
            setPort(port, of: &address)
            var size = entry.ai_addrlen
            guard Socket.withAddress(&address, { Self.bind(descriptor, $0, size) }) == 0 else { throw .last() }
            guard Self.startListening(descriptor) == 0 else { throw .last() }
            size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            guard Socket.withAddress(&address, { Self.name(descriptor, $0, &size) }) == 0 else { throw .last() }
            return (descriptor, RemoteAddress(address, size))
        } catch {
            Socket.closeDescriptor(descriptor)
            throw error
        }
    }

    private static func storage(of entry: addrinfo) -> sockaddr_storage {
        var address = sockaddr_storage()
        guard let source = entry.ai_addr else { return address }
        withUnsafeMutableBytes(of: &address) { target in
            let size = min(Int(entry.ai_addrlen), target.count)
            target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: size))
        }
        return address
    }

    /// The port is at the same offset in both address families.
    private static func setPort(_ port: Int, of address: inout sockaddr_storage) {
        let number = UInt16(truncatingIfNeeded: port).bigEndian
        withUnsafeMutableBytes(of: &address) { $0.storeBytes(of: number, toByteOffset: 2, as: UInt16.self) }
    }

    // The C functions have the same names as the methods here, and Glibc wraps the address argument.
    #if canImport(Glibc)
        private static func bind(_ socket: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ size: socklen_t) -> Int32
        {
            Glibc.bind(socket, __CONST_SOCKADDR_ARG(__sockaddr__: address), size)
        }

        private static func name(
            _ socket: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ size: inout socklen_t
        ) -> Int32 {
            getsockname(socket, __SOCKADDR_ARG(__sockaddr__: address), &size)
        }

        private static func startListening(_ socket: Int32) -> Int32 { Glibc.listen(socket, backlog) }
    #else
        private static func bind(_ socket: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ size: socklen_t) -> Int32
        {
            Darwin.bind(socket, address, size)
        }

        private static func name(
            _ socket: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ size: inout socklen_t
        ) -> Int32 {
            getsockname(socket, address, &size)
        }

        private static func startListening(_ socket: Int32) -> Int32 { Darwin.listen(socket, backlog) }
    #endif
}
