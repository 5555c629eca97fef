/// Decides which connection to close to make room for a new one.
///
/// A connection is identified once it has sent a head that shows who the client is. Until then it costs the client
/// nothing. So the number of unidentified connections is limited and the oldest of them is evicted first: a genuine
/// client sends its head at once.
struct Admission: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Decision {
        /// The connection is admitted; the given one, if any, must be closed first.
        case takes(insteadOf: HTTPConnection?)
        case refuses(HTTPError)
    }

    let limits: HTTPLimits

    /// Decides whether a new connection is admitted.
    func decision(
        on remote: RemoteAddress, beside connections: some Collection<HTTPConnection>, _ now: Instant
    ) -> Decision {
        let served = connections.filter { !$0.isRefused }
        let neighbours = served.filter { $0.remote.network == remote.network }
        if neighbours.count >= limits.connectionsPerAddress {
            guard let oldest = neighbours.filter(\.isUnknown).min(by: { $0.id < $1.id }) else {
                return .refuses(
                    HTTPError(
                        503, "There are too many connections from this address. Close some, or try again later."))
            }
            return .takes(insteadOf: oldest)
        }
        guard served.count >= limits.connections else { return .takes(insteadOf: nil) }
        // HTTP allows an idle connection to be closed at any time.
        let goes =
            served.filter(\.isUnknown).min { $0.id < $1.id }
            ?? served.filter { $0.isEvictable(now) }.min { $0.restingSince < $1.restingSince }
        guard let goes else {
            return .refuses(HTTPError(503, "There are too many connections. Try again later.", retryAfter: 1))
        }
        return .takes(insteadOf: goes)
    }

    /// Returns the connections that are past the time allowed for identification and exceed the limit for their
    /// address.
    func surplus(of connections: some Collection<HTTPConnection>, _ now: Instant) -> [HTTPConnection] {
        crowds(in: connections).flatMap { crowd in
            let old = crowd.filter { $0.youthEnd <= now }
            return old.sorted { $0.id < $1.id }.prefix(max(0, old.count - limits.unknownConnectionsPerAddress))
        }
    }

    /// Returns when ``surplus(of:_:)`` may next find one; `nil` while no address is over the limit.
    func nextSurplus(of connections: some Collection<HTTPConnection>) -> Instant? {
        crowds(in: connections).map { $0.map(\.youthEnd).sorted()[limits.unknownConnectionsPerAddress] }.min()
    }

    private func crowds(in connections: some Collection<HTTPConnection>) -> [[HTTPConnection]] {
        guard connections.count > limits.unknownConnectionsPerAddress else { return [] }
        let unknown = connections.filter { $0.isUnknown && !$0.isRefused }
        return Dictionary(grouping: unknown, by: \.remote.network).values.filter {
            $0.count > limits.unknownConnectionsPerAddress
        }
    }
}
