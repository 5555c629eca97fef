import Diagnostics

/// Decides which hosts and addresses sandboxes may reach.
struct EgressPolicy: Sendable {
    /// How many allowed hosts an error message lists.
    private static let maxListedHosts = 8

    private let hosts: [AllowedHost]
    private let isOpen: @Sendable (IPAddress) -> Bool
    private let resolve: @Sendable (String) throws(EgressError) -> [IPAddress]

    /// - Parameters:
    ///   - hosts: the allowed hosts.
    ///   - isOpen: whether an address may be connected to; by default any public address that isn't this machine's.
    ///   - resolve: returns the addresses of a host. May block.
    init(
        hosts: [AllowedHost],
        isOpen: @escaping @Sendable (IPAddress) -> Bool = isOpenByDefault,
        resolve: @escaping @Sendable (String) throws(EgressError) -> [IPAddress] = NameResolver.addresses
    ) {
        self.hosts = hosts
        self.isOpen = isOpen
        self.resolve = resolve
    }

    private static let isOpenByDefault: @Sendable (IPAddress) -> Bool = { address in
        address.isPublic && ![address, address.translated].compactMap { $0 }.contains(where: OwnAddress.isOwn)
    }

    /// Returns the allowed host that matches a sandbox's request.
    ///
    /// - Throws: ``EgressError`` if no allowed host matches.
    func host(_ name: String, _ port: Int) throws(EgressError) -> AllowedHost {
        guard let host = hosts.first(where: { $0.allows(host: name, port: port) }) else {
            let shown = hosts.prefix(Self.maxListedHosts).map(\.description).joined(separator: ", ")
            let rest = hosts.count > Self.maxListedHosts ? " and \(hosts.count - Self.maxListedHosts) more" : ""
            throw EgressError(
                .refused,
                "\(name.singleLine(limit: 100)):\(port) is not reachable from this sandbox; allowed: \(shown)\(rest).")
        }
        return host
    }

    /// Returns the addresses of a host that may be connected to. A name is resolved and checked now, and the
    /// connection goes to exactly these addresses, so the name cannot change its meaning in between (DNS rebinding).
    /// Blocks the calling thread.
    ///
    /// - Throws: ``EgressError``.
    func addresses(of host: AllowedHost) throws(EgressError) -> [IPAddress] {
        let open = try resolve(host.name).filter(isOpen)
        guard !open.isEmpty else {
            throw EgressError(
                .refused, "\(host.name) has no public address: private and local addresses cannot be reached.")
        }
        return open
    }
}

/// Why a connection out of a sandbox failed.
typealias EgressError = GuestCallError
