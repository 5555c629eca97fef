import SystemCalls

/// The address of a peer or a listening socket.
public struct RemoteAddress: Sendable, Hashable {
    /// The numeric address: `127.0.0.1`, `::1`.
    public let host: String
    /// The port.
    public let port: Int
    /// What counts as one client: the address, or for IPv6 its first 64 bits, since a single machine is often assigned
    /// a whole /64.
    public let network: String

    /// Creates an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
        network = Self.network(of: host)
    }

    init(_ address: sockaddr_storage, _ size: socklen_t) {
        var address = address
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: 32)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo(
                    $0, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        func text(_ characters: [CChar]) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        self.init(host: code == 0 ? text(host) : "unknown", port: code == 0 ? Int(text(service)) ?? 0 : 0)
    }

    private static func network(of host: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let digits = host.prefix { $0 != "%" }
        guard digits.contains(":"), inet_pton(AF_INET6, String(digits), &bytes) == 1 else { return host }
        // An IPv4-mapped IPv6 address.
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        return stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }
}
