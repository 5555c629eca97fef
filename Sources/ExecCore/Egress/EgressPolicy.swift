import Diagnostics

/// What may be reached from the sandboxes.
struct EgressPolicy: Sendable {
    /// How many hosts a refusal names.
    private static let shownHosts = 8

    private let hosts: [AllowedHost]
    private let isOpen: @Sendable (IPAddress) -> Bool
    private let resolve: @Sendable (String) throws(EgressError) -> [IPAddress]

    /// - Parameters:
    ///   - hosts: what may be reached.
    ///   - isOpen: whether an address may be connected to; by default what is public and not this machine's.
    ///   - resolve: where a host is; it may block.
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

    /// The host that a sandbox asks for, if it is among those that may be reached.
    ///
    /// - Throws: ``EgressError``.
    func host(_ name: String, _ port: Int) throws(EgressError) -> AllowedHost {
        guard let host = hosts.first(where: { $0.allows(host: name, port: port) }) else {
            let shown = hosts.prefix(Self.shownHosts).map(\.description).joined(separator: ", ")
            let rest = hosts.count > Self.shownHosts ? " and \(hosts.count - Self.shownHosts) more" : ""
            throw EgressError(
                .refused,
                "\(name.singleLine(limit: 100)):\(port) cannot be reached from this sandbox, only \(shown)\(rest).")
        }
        return host
    }

    /// The addresses of a host that may be connected to. What is asked for by name is judged by what it means now, and
    /// the connection goes to just these addresses: the name cannot come to mean something else between. Blocks the
    /// calling thread.
    ///
    /// - Throws: ``EgressError``.
    func addresses(of host: AllowedHost) throws(EgressError) -> [IPAddress] {
        let open = try resolve(host.name).filter(isOpen)
        guard !open.isEmpty else {
            throw EgressError(
                .refused, "\(host.name) leads to no public address: private and local ones are not reached.")
        }
        return open
    }
}

/// Why a connection out of a sandbox is not there.
typealias EgressError = GuestCallFailure
