import Diagnostics
import JSON
import Threading

/// The way out of one sandbox: takes the calls by which its guest asks for connections, and the frames of those that
/// there are. `guest/egress.py` is the other side of this.
///
/// The sandbox has no network. What leaves it goes through its channel and this, and ends with it.
final class EgressRelay: Sendable {
    /// How many connections a sandbox may have at once. The guest keeps others waiting from half of that on: it may hear
    /// of a connection's end before the end is booked here.
    static let mostConnections = 128

    private struct State {
        var connections: [UInt32: EgressConnection] = [:]
        var lastID: UInt32 = 0
        var budget = TokenBucket(perSecond: 100, atOnce: 1000)
        var logBudget = TokenBucket(perSecond: 1, atOnce: 50)
        var hasEnded = false
    }

    private let policy: EgressPolicy
    private let sandbox: String
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let send: @Sendable (Frame) throws -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - policy: what may be reached.
    ///   - sandbox: its name, for the log.
    ///   - now: the clock by which so many connections a second may be asked for.
    ///   - send: sends a frame to the guest and blocks until it is on its way.
    init(
        policy: EgressPolicy, sandbox: String, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        send: @escaping @Sendable (Frame) throws -> Void
    ) {
        self.policy = policy
        self.sandbox = sandbox
        self.logger = logger
        self.now = now
        self.send = send
    }

    /// Takes a frame of a call that the guest started. Returns at once.
    ///
    /// - Throws: ``ChannelViolation`` for what no guest of ours sends.
    func take(_ frame: Frame) throws(ChannelViolation) {
        if frame.kind == .call { return try begin(frame) }
        guard let connection = try connection(of: frame) else { return }
        switch frame.kind {
        case .data: try connection.take(frame.payload.dropFirst())
        case .window:
            guard frame.payload.count == 4 else { throw ChannelViolation(reason: "sent a window that is none") }
            try connection.grant(frame.payload.reduce(0) { $0 << 8 | UInt32($1) })
        case .end: connection.endOfInput()
        case .cancel: connection.cancel()
        default: throw ChannelViolation(reason: "sent a frame that does not belong to a connection")
        }
    }

    /// Breaks all connections: the sandbox is gone.
    func end() {
        let connections = state.withLock { state in
            state.hasEnded = true
            return Array(state.connections.values)
        }
        for connection in connections { connection.cancel() }
    }

    /// - Returns: `nil` where it has ended already, which the guest may not have heard yet.
    private func connection(of frame: Frame) throws(ChannelViolation) -> EgressConnection? {
        let (connection, lastID) = state.withLock { ($0.connections[frame.call], $0.lastID) }
        guard connection != nil || frame.call <= lastID else {
            throw ChannelViolation(reason: "sent a frame of a connection that it did not ask for")
        }
        return connection
    }

    private func begin(_ frame: Frame) throws(ChannelViolation) {
        guard let request = try? JSON.parse(frame.payload), request["method"] == "connect",
            let name = request["params"]?["host"]?.stringValue, let port = request["params"]?["port"]?.integerValue
        else { throw ChannelViolation(reason: "asked for something that is no connection") }
        let connection = EgressConnection(id: frame.call, send: send)
        let isWithinBudget = try state.withLock { (state) throws(ChannelViolation) in
            guard frame.call > state.lastID else { throw ChannelViolation(reason: "used the id of a call again") }
            guard state.connections.count < Self.mostConnections else {
                throw ChannelViolation(reason: "asked for more connections than it may")
            }
            state.lastID = frame.call
            state.connections[frame.call] = connection
            return state.budget.take(at: now()) && !state.hasEnded
        }
        do {
            // Refusals as well are sent by a thread of their own and keep their place until then: a guest that reads no
            // answers runs out of places.
            try BackgroundThread.start("egress-open") { [self] in
                if isWithinBudget {
                    serve(connection, name, port)
                } else {
                    connection.finish(EgressFailure(.busy, "Too many connections at once. Try again in a second."))
                }
                state.withLock { _ = $0.connections.removeValue(forKey: frame.call) }
            }
        } catch {
            throw ChannelViolation(reason: "asked for a connection that the server has no thread for")
        }
    }

    private func serve(_ connection: EgressConnection, _ name: String, _ port: Int) {
        do throws(EgressFailure) {
            let host = try policy.host(name, port)
            connection.run(to: host, by: policy) { address in
                log { $0.info("sandbox \(sandbox) connected to \(host) (\(address))") }
            }
        } catch {
            log { $0.warning("sandbox \(sandbox) was refused a connection: \(error.message)") }
            connection.finish(error)
        }
    }

    private func log(_ write: (Logger) -> Void) {
        if state.withLock({ $0.logBudget.take(at: now()) }) { write(logger) }
    }
}
