import Threading

/// The answers to one sandbox that its clients haven't read. If there are too many, the connection whose client hasn't
/// read for longest ends; those that are read go on.
final class UnreadAnswers: Sendable {
    /// A connection that has answers.
    private struct Connection {
        var bytes = 0
        /// When its client last read something, or the first of the answers came.
        var lastRead: ContinuousClock.Instant
        let end: @Sendable () -> Void
    }

    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var total = 0
    }

    private let limit: Int
    private let state = Locked(State())

    /// - Parameter limit: the maximum number of bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// How many bytes there are.
    var bytes: Int { state.withLock { $0.total } }

    /// Counts an answer, and ends connections if it is one too many, possibly its own.
    ///
    /// - Parameter end: ends the connection. Its answers are no longer counted then.
    func add(
        _ count: Int, to connection: ObjectIdentifier, at now: ContinuousClock.Instant = .now,
        orEnd end: @escaping @Sendable () -> Void
    ) {
        let ends = state.withLock { state in
            state.connections[connection, default: Connection(lastRead: now, end: end)].bytes += count
            state.total += count
            var ends: [@Sendable () -> Void] = []
            while state.total > limit {
                let idlest = state.connections.min { $0.value.lastRead < $1.value.lastRead }
                guard let idlest else { break }
                Self.remove(idlest.key, &state)
                ends.append(idlest.value.end)
            }
            return ends
        }
        for end in ends { end() }
    }

    /// The client of a connection has read something.
    func noteReading(of connection: ObjectIdentifier, at now: ContinuousClock.Instant = .now) {
        state.withLock { $0.connections[connection]?.lastRead = now }
    }

    /// An answer was written, or will never be.
    func remove(_ count: Int, from connection: ObjectIdentifier) {
        state.withLock { state in
            guard let bytes = state.connections[connection]?.bytes else { return }
            guard bytes > count else { return Self.remove(connection, &state) }
            state.connections[connection]?.bytes -= count
            state.total -= count
        }
    }

    private static func remove(_ connection: ObjectIdentifier, _ state: inout State) {
        state.total -= state.connections.removeValue(forKey: connection)?.bytes ?? 0
    }
}
