import SystemCalls

/// Resolves host names with the system's resolver.
enum NameResolver {
    /// Maximum number of addresses considered per host.
    private static let maxAddresses = 16

    /// Returns the addresses of a host, in the order to try them. Blocks the calling thread.
    ///
    /// - Throws: ``EgressError``.
    static func addresses(of host: String) throws(EgressError) -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_flags = AI_ADDRCONFIG
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0, let list else {
            throw EgressError(.unreachable, "\(host) has no address: \(String(cString: gai_strerror(code))).")
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next: UnsafeMutablePointer<addrinfo>? = list
        while let entry = next?.pointee, addresses.count < maxAddresses {
            if let address = address(in: entry.ai_addr), !addresses.contains(address) { addresses.append(address) }
            next = entry.ai_next
        }
        return addresses
    }

    /// Extracts the address from a system structure; `nil` for another address family.
    static func address(in pointer: UnsafeMutablePointer<sockaddr>?) -> IPAddress? {
        guard let pointer else { return nil }
        let raw = UnsafeRawPointer(pointer)
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET: return IPAddress(raw.loadUnaligned(as: sockaddr_in.self).sin_addr)
        case AF_INET6: return IPAddress(raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default: return nil
        }
    }
}
