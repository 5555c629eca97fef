import SystemCalls

/// Detects addresses that lead to this machine itself. A service of the host may listen on a public one as well.
enum OwnAddress {
    /// Documentation addresses, which belong to nobody (RFC 5737, RFC 3849).
    private static let foreign4 = IPAddress("192.0.2.1")
    private static let foreign6 = IPAddress("2001:db8::1")

    /// Whether this machine answers at the address. Sends nothing.
    ///
    /// The list of interfaces isn't enough, because whole networks can be routed to the loopback. The system knows,
    /// and shows it when asked to bind or connect a socket.
    static func isOwn(_ address: IPAddress) -> Bool {
        if interfaces().contains(address) || LocalRoute.leads(to: address) || leadsHere(address) { return true }
        guard canBind(address) else { return false }
        // A machine can be configured to bind any address, as load balancers are. Then a successful bind proves
        // nothing.
        guard let foreign = address.isVersion4 ? foreign4 : foreign6 else { return true }
        return !canBind(foreign)
    }

    private static func interfaces() -> Set<IPAddress> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var next = list
        while let entry = next?.pointee {
            if let address = NameResolver.address(in: entry.ifa_addr) { addresses.insert(address) }
            next = entry.ifa_next
        }
        return addresses
    }

    private static func canBind(_ address: IPAddress) -> Bool {
        withSocket(for: address) { descriptor in
            address.withSocketAddress(port: 0) { bind(descriptor, $0, $1) } == 0
        }
    }

    /// Whether the system would send to itself: packets to one of its own addresses have that address, or a loopback
    /// address, as their source.
    private static func leadsHere(_ address: IPAddress) -> Bool {
        withSocket(for: address) { descriptor in
            // Any port works: connecting a datagram socket only selects the route.
            guard address.withSocketAddress(port: 9, { connect(descriptor, $0, $1) }) == 0 else { return false }
            var storage = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let source = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    getsockname(descriptor, pointer, &size) == 0 ? NameResolver.address(in: pointer) : nil
                }
            }
            return source == address || source.map { $0.isLoopback } == true
        }
    }

    private static func withSocket(for address: IPAddress, _ body: (Int32) -> Bool) -> Bool {
        #if canImport(Glibc)
            let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(address.isVersion4 ? AF_INET : AF_INET6, kind, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return body(descriptor)
    }
}
