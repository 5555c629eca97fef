import Diagnostics
import ExecCore
import MCP
import SystemCalls
import Threading

/// Notes which users' sessions in this process read servers marked as untrusted, for the people who review skills that
/// such a session may have written.
final class UntrustedReadings: Sendable {
    private struct Reading {
        let since: Int
        var servers: [String]
    }

    private let store: SkillStore
    private let logger: Logger
    private let session = "\(getpid())-\(Timestamp.now)"
    private let readings = Locked<[UserID: Reading]>([:])

    init(store: SkillStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// A user's session is about to read another untrusted server.
    ///
    /// - Parameter servers: all that it reads.
    func add(_ servers: [String], of user: UserID) {
        let reading = readings.withLock { readings in
            let reading = Reading(since: readings[user]?.since ?? Timestamp.now, servers: servers)
            readings[user] = reading
            return reading
        }
        note(reading, of: user, until: nil)
    }

    /// Notes that the sessions are over: what is written from now on, others write.
    func end() {
        for (user, reading) in readings.withLock({ $0 }) { note(reading, of: user, until: Timestamp.now) }
    }

    private func note(_ reading: Reading, of user: UserID, until: Int?) {
        do throws(SkillStoreError) {
            try store.note(
                UntrustedReading(session: session, servers: reading.servers, since: reading.since, until: until),
                of: user)
        } catch {
            logger.warning("cannot note that \(user) reads untrusted servers, for reviews of skills: \(error)")
        }
    }
}
