import JSON
import SystemCalls

/// That a session read results of servers marked untrusted.
package struct UntrustedReading: Sendable, Equatable {
    /// The session of a note that stands for several, which no session has.
    static let merged = ""

    /// Identifies the session.
    package let session: String
    /// The servers' names.
    package let servers: [String]
    /// When the first of these results was read, in seconds since 1970.
    package let since: Int
    /// When the session ended; `nil` if it hasn't, or if that isn't known.
    package let until: Int?

    package init(session: String, servers: [String], since: Int, until: Int? = nil) {
        self.session = session
        self.servers = servers
        self.since = since
        self.until = until
    }
}

/// Keeps which sessions of a user read results of servers marked untrusted, so that a person who reviews a draft learns
/// whether such a session may have written it. Code in sandboxes can't reach these notes, nor set the times at which the
/// system says that files were changed.
extension SkillStore {
    /// Beyond this, the oldest notes are merged into one: those of sessions that ended, as far as there are any, because
    /// what is known of their ends is kept then.
    private static let maxReadings = 200
    private static let maxServers = 50
    private static let maxBytes = 1 << 20
    /// By how many seconds the clocks of this machine and of the sandboxes may differ.
    private static let clockTolerance = 300

    /// Notes a reading, or replaces the note of the same session.
    ///
    /// - Throws: ``SkillStoreError`` if it can't be stored.
    package func note(_ reading: UntrustedReading, of user: UserID) throws(SkillStoreError) {
        let shelf = shelf(of: .user(user))
        try OwnedFiles.makeDirectories(shelf)
        try OwnedFiles.locked("\(shelf)/lock") { () throws(SkillStoreError) in
            var readings = try readings(of: user).filter {
                $0.session != reading.session || $0.session == UntrustedReading.merged
            }
            readings.append(reading)
            while readings.count > Self.maxReadings {
                let ended = readings.indices.filter { readings[$0].until != nil }
                let oldest = ended.count > 1 ? Array(ended.prefix(2)) : [0, 1]
                let (first, second) = (readings[oldest[0]], readings[oldest[1]])
                readings.remove(at: oldest[1])
                readings[oldest[0]] = UntrustedReading(
                    // A name of its own: the next note of either session must not replace what is known of the other.
                    session: UntrustedReading.merged, servers: Self.union(first.servers, second.servers),
                    since: min(first.since, second.since),
                    until: first.until.flatMap { end in second.until.map { max($0, end) } })
            }
            let temporary = "\(shelf)/untrusted.json.new"
            unlink(temporary)
            try OwnedFiles.create(temporary, JSON.array(readings.map(\.json)).serialized(), mode: 0o600)
            try OwnedFiles.publish(temporary, as: "\(shelf)/untrusted.json")
        }
    }

    /// The servers marked untrusted that a session had read from which may have written files that were changed within
    /// `times`, in seconds since 1970.
    package func untrustedServers(
        of user: UserID, changed times: ClosedRange<Int>
    ) throws(SkillStoreError) -> [String] {
        try readings(of: user).filter { reading in
            reading.since - Self.clockTolerance <= times.upperBound
                && reading.until.map { $0 + Self.clockTolerance >= times.lowerBound } != false
        }.reduce([]) { Self.union($0, $1.servers) }
    }

    /// The notes about a user's sessions.
    package func readings(of user: UserID) throws(SkillStoreError) -> [UntrustedReading] {
        let file = "\(shelf(of: .user(user)))/untrusted.json"
        guard let bytes = try OwnedFiles.read(file, limit: Self.maxBytes) else { return [] }
        let readings = (try? JSON.parse(bytes))?.arrayValue?.map(UntrustedReading.init)
        guard let readings, readings.allSatisfy({ $0 != nil }) else { throw SkillStoreError("\(file) is damaged") }
        return readings.compactMap { $0 }
    }

    private static func union(_ some: [String], _ others: [String]) -> [String] {
        Array(Set(some).union(others).sorted().prefix(maxServers))
    }
}

extension UntrustedReading {
    fileprivate var json: JSON {
        [
            "session": .string(session), "servers": .array(servers.map { .string($0) }), "since": .integer(since),
            "until": until.map { .integer($0) } ?? .null,
        ]
    }

    fileprivate init?(_ value: JSON) {
        guard let session = value["session"]?.stringValue, let since = value["since"]?.integerValue,
            let servers = value["servers"]?.arrayValue?.map(\.stringValue), !servers.contains(nil)
        else { return nil }
        self.init(
            session: session, servers: servers.compactMap { $0 }, since: since, until: value["until"]?.integerValue)
    }
}
