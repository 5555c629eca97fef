/// A host and port that sandboxes may connect to.
public struct AllowedHost: Sendable, Hashable, CustomStringConvertible {
    /// The accepted form, for error messages.
    public static let pattern = "HOST:PORT, for example example.org:443"
    /// Maximum number of allowed hosts.
    public static let maxHosts = 64

    private static let maxNameLength = 253
    private static let maxLabelLength = 63

    /// A domain name in lower case, or an address in canonical form.
    let name: String
    let port: UInt16

    /// Parses `example.org:443`, `192.0.2.1:443` or `[2001:db8::1]:443`; `nil` for anything else. An address that
    /// isn't public is rejected too, because it could never be reached.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = bytes[..<colon]
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
            guard host.contains(UInt8(ascii: ":")) else { return nil }
        } else if host.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard let port = Self.port(bytes[(colon + 1)...]), let name = Self.normalized(host) else { return nil }
        if let address = IPAddress(name) {
            guard address.isPublic else { return nil }
        } else {
            // A name without a dot has a meaning only in this machine's own network.
            guard name.utf8.contains(UInt8(ascii: ".")) else { return nil }
        }
        self.name = name
        self.port = port
    }

    /// Whether a connection to `host` and `port` is allowed. ASCII letters match in either case. Nothing else is
    /// normalized: no trailing dot, no other alphabet, no other notation of an address.
    func allows(host: String, port: Int) -> Bool {
        port == Int(self.port) && Self.normalized(Array(host.utf8)[...]) == name
    }

    /// The host and port in the accepted form.
    public var description: String {
        name.utf8.contains(UInt8(ascii: ":")) ? "[\(name)]:\(port)" : "\(name):\(port)"
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return UInt16(String(decoding: digits, as: UTF8.self))
    }

    /// Returns a host name in lower case (RFC 1123) or an address in canonical form; `nil` for anything else.
    private static func normalized(_ host: ArraySlice<UInt8>) -> String? {
        if let address = IPAddress(String(decoding: host, as: UTF8.self)) { return address.description }
        guard (1...maxNameLength).contains(host.count) else { return nil }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel), let last = labels.last, !isNumber(last) else { return nil }
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        return String(decoding: host.map { capitals.contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...maxLabelLength).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { byte in
                switch byte {
                // The underscore isn't valid in a host name, but some names in use have it.
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen, UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// Whether the system's resolver would take a name with this last label for an address: `127.1`, `2130706433`,
    /// `0x7f.1`.
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        let isHexadecimal = label.starts(with: "0x".utf8) || label.starts(with: "0X".utf8)
        return isHexadecimal || label.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
