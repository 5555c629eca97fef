/// Who has to go so that another connection may come.
///
/// A connection is known once it has sent a head that shows who asks. Until then it costs its owner nothing, so that
/// nobody may hold many of them, and the oldest of them is the first to go: who means to ask something sends its head
/// at once.
struct Admission: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Decision {
        /// It may come; another one has to go first.
        case takes(insteadOf: HTTPConnection?)
        case refuses(HTTPError)
    }

    let limits: HTTPLimits

    /// What becomes of a new connection.
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
        // One that rests can be closed at any time, as HTTP has it.
        let goes =
            served.filter(\.isUnknown).min { $0.id < $1.id }
            ?? served.filter { $0.isEvictable(now) }.min { $0.restingSince < $1.restingSince }
        guard let goes else { return .refuses(HTTPError(503, "There are too many connections. Try again later.")) }
        return .takes(insteadOf: goes)
    }

    /// The connections that have had their time to say who they are, and of which their address holds too many.
    func surplus(of connections: some Collection<HTTPConnection>, _ now: Instant) -> [HTTPConnection] {
        crowds(in: connections).flatMap { crowd in
            let old = crowd.filter { $0.youthEnd <= now }
            return old.sorted { $0.id < $1.id }.prefix(max(0, old.count - limits.unknownConnectionsPerAddress))
        }
    }

    /// When there may be more of these; `nil` as long as nobody holds so many.
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
