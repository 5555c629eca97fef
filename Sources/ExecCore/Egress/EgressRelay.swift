import Diagnostics
import JSON
import Threading

/// The way out of one sandbox: serves the calls by which its guest asks for connections. `guest/egress.py` is the other
/// side of this.
///
/// The sandbox has no network. What leaves it goes through its channel and this, and ends with it.
final class EgressRelay: GuestCallHandler {
    /// How many connections a sandbox may have at once. The guest keeps others waiting from half of that on: it may hear
    /// of a connection's end before the end is booked here.
    static let maxConnections = 128

    private struct State {
        var budget = TokenBucket(perSecond: 100, atOnce: 1000)
        var logBudget = TokenBucket(perSecond: 1, atOnce: 50)
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

    var maxOpenCalls: Int { Self.maxConnections }

    func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall {
        guard let target = ConnectParameters(parameters) else {
            throw ChannelError(reason: "asked for something that is no connection")
        }
        let isWithinBudget = state.withLock { $0.budget.take(at: now()) }
        return EgressConnection(GuestCallStream(id: id, send: send)) { [self] connection in
            if isWithinBudget {
                serve(connection, target)
            } else {
                connection.finish(EgressError(.busy, "Too many connections at once. Try again in a second."))
            }
        }
    }

    private func serve(_ connection: EgressConnection, _ target: ConnectParameters) {
        do throws(EgressError) {
            let host = try policy.host(target.host, target.port)
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

/// What the guest says of a connection that it asks for.
struct ConnectParameters: Sendable, Equatable {
    /// The names that these have on the channel.
    enum Name: String, CaseIterable {
        case host
        case port
    }

    let host: String
    let port: Int

    /// Takes what the guest says; `nil` for what no guest of ours says.
    init?(_ value: JSON) {
        guard let host = value[Name.host]?.stringValue, let port = value[Name.port]?.integerValue else { return nil }
        self.host = host
        self.port = port
    }
}
