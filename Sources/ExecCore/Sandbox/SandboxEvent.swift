/// What happens to the sandboxes of a pool, for metrics. Says nothing about users or their code.
package enum SandboxEvent: Sendable, Equatable {
    /// How a sandbox came up.
    package enum Start: String, Sendable, CaseIterable {
        /// For a call.
        case new
        /// Ahead of the first call.
        case prewarmed
        /// Another server had left it.
        case resumed
    }

    /// Why a sandbox has ended.
    package enum End: String, Sendable, CaseIterable {
        /// It was idle for too long.
        case idle
        /// Another user needed its place.
        case evicted
        /// Its user asked for it.
        case requested
        /// It ended by itself, hung, or tampered with its channel.
        case lost
        /// It was left to the next server.
        case left
        /// The server has shut down.
        case shutdown
    }

    /// What became of a connection that code asked for.
    package enum Connection: String, Sendable, CaseIterable {
        case opened
        /// The policy, a rule or a person doesn't allow it.
        case denied
        /// The host can't be reached.
        case failed
        /// Too many were asked for at once.
        case busy
    }

    /// Where the bytes of a connection went.
    package enum Direction: String, Sendable, CaseIterable {
        case sent, received
    }

    /// The number of sandboxes has changed; it includes those that are starting.
    case count(Int)
    /// A sandbox has come up; with how long that took.
    case cameUp(Start, seconds: Double)
    /// A sandbox has not come up.
    case failedToStart
    /// A sandbox that was up has ended.
    case ended(End)
    /// A call waits for its turn in its sandbox.
    case queued
    /// A call waits no longer; with how long it did.
    case dequeued(seconds: Double)
    /// Code has asked for a connection.
    case connection(Connection)
    /// Bytes of such a connection were passed on.
    case transferred(Direction, bytes: Int)
}
