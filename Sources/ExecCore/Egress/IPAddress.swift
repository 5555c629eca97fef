import SystemCalls

/// An IPv4 or IPv6 address.
struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Four or sixteen bytes in network order.
    let bytes: [UInt8]

    /// Parses the standard notation: four decimal numbers, or hexadecimal groups without a zone. Rejects the other
    /// notations that a system's resolver may accept as an address.
    init?(_ text: String) {
        // A NUL ends the text for the system, but not for other readers.
        guard !text.utf8.contains(0) else { return nil }
        var version4 = in_addr()
        if inet_pton(AF_INET, text, &version4) == 1 {
            self.init(version4)
            return
        }
        var version6 = in6_addr()
        guard inet_pton(AF_INET6, text, &version6) == 1, !text.utf8.contains(UInt8(ascii: "%")) else { return nil }
        self.init(version6)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ address: in_addr) {
        bytes = withUnsafeBytes(of: address) { Array($0) }
    }

    init(_ address: in6_addr) {
        bytes = withUnsafeBytes(of: address) { Array($0) }
    }

    var isVersion4: Bool { bytes.count == 4 }

    /// Runs `body` with the address in the form of system calls, and its size.
    ///
    /// - Returns: the result of `body`; -1 if it could not be run.
    func withSocketAddress(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        func run<Address>(_ value: Address) -> Int32 {
            withUnsafeBytes(of: value) { bytes in
                guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
                return body(start, socklen_t(bytes.count))
            }
        }
        if isVersion4 {
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin_addr) { $0.copyBytes(from: bytes) }
            return run(value)
        }
        var value = sockaddr_in6()
        value.sin6_family = sa_family_t(AF_INET6)
        value.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &value.sin6_addr) { $0.copyBytes(from: bytes) }
        return run(value)
    }

    /// Whether it is a loopback address.
    var isLoopback: Bool { isVersion4 ? bytes.first == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1] }

    /// The canonical form; RFC 5952 for IPv6.
    var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes {
            inet_ntop(isVersion4 ? AF_INET : AF_INET6, $0.baseAddress, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension IPAddress {
    /// An address block in CIDR form: the addresses that share the first `bits` bits.
    private struct Block: Sendable {
        let bytes: [UInt8]
        let bits: Int

        init(_ bytes: [UInt8], _ bits: Int) {
            self.bytes = bytes
            self.bits = bits
        }

        func contains(_ address: [UInt8]) -> Bool {
            for place in 0..<(bits + 7) / 8 {
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> min(8, bits - place * 8))
                let expected = place < bytes.count ? bytes[place] : 0
                guard address[place] & mask == expected & mask else { return false }
            }
            return true
        }
    }

    /// IPv4 blocks that aren't globally reachable (IANA's registry of special-purpose addresses), and multicast. They
    /// include private networks, this machine, link-local addresses, and the addresses where clouds hand out
    /// credentials.
    private static let closed4 = [
        Block([0], 8), Block([10], 8), Block([100, 64], 10), Block([127], 8), Block([169, 254], 16),
        Block([172, 16], 12), Block([192, 0, 0], 24), Block([192, 0, 2], 24), Block([192, 88, 99], 24),
        Block([192, 168], 16), Block([198, 18], 15), Block([198, 51, 100], 24), Block([203, 0, 113], 24),
        Block([224], 4), Block([240], 4),
        // A cloud's service inside its customers' networks, although the address looks like a public one.
        Block([168, 63, 129, 16], 32),
    ]

    /// The only IPv6 block that is globally assigned, and the exceptions within it: protocols and tunnels,
    /// documentation, 6to4.
    private static let open6 = Block([0x20], 3)
    private static let closed6 = [
        Block([0x20, 0x01, 0x00], 23), Block([0x20, 0x01, 0x0D, 0xB8], 32), Block([0x20, 0x02], 16),
        Block([0x3F, 0xFF, 0x00], 20),
    ]

    /// The NAT64 prefix, by which IPv6-only networks reach IPv4 addresses (RFC 6052).
    private static let translation = Block([0x00, 0x64, 0xFF, 0x9B], 96)

    /// The IPv4 address that this IPv6 address reaches through a translator; `nil` for any other address.
    var translated: IPAddress? {
        guard !isVersion4, Self.translation.contains(bytes) else { return nil }
        return IPAddress(bytes: Array(bytes[12...]))
    }

    /// Whether it may be a host on the public internet: not private, this machine's, link-local, multicast or
    /// reserved. IPv6 addresses that embed an IPv4 address in another way don't count, because nobody publishes them.
    var isPublic: Bool {
        if isVersion4 { return !Self.closed4.contains { $0.contains(bytes) } }
        if let translated { return translated.isPublic }
        return Self.open6.contains(bytes) && !Self.closed6.contains { $0.contains(bytes) }
    }
}
