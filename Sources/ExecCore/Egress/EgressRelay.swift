import Diagnostics
import JSON
import Threading

/// The egress path of one sandbox: serves the calls by which its guest requests connections. `guest/egress.py` is the
/// other side.
///
/// The sandbox has no network. Its connections go through its channel and this relay, and end with it.
final class EgressRelay: GuestCallHandler {
    /// Maximum number of concurrent connections of a sandbox. The guest queues connections from half of this number
    /// on, because it may receive the end of a connection before the end is counted here.
    static let maxConnections = 128

    private struct State {
        var budget = TokenBucket(perSecond: 100, atOnce: 1000)
        var logBudget = TokenBucket(perSecond: 1, atOnce: 50)
    }

    private let policy: EgressPolicy
    private let gate: (any EgressGate)?
    private let sandbox: String
    private let logger: Logger
    private let events: SandboxEvents
    private let now: @Sendable () -> ContinuousClock.Instant
    private let send: @Sendable (Frame) throws -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - policy: what may be reached.
    ///   - gate: decides whether connections may be open now; `nil` if they always may.
    ///   - sandbox: the sandbox's name, for the log.
    ///   - events: receives what becomes of connections.
    ///   - now: the clock for the rate limits on connections and log lines.
    ///   - send: sends a frame to the guest and blocks until it is written.
    init(
        policy: EgressPolicy, gate: (any EgressGate)? = nil, sandbox: String, logger: Logger,
        events: SandboxEvents = SandboxEvents(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        send: @escaping @Sendable (Frame) throws -> Void
    ) {
        self.policy = policy
        self.gate = gate
        self.sandbox = sandbox
        self.logger = logger
        self.events = events
        self.now = now
        self.send = send
    }

    var maxOpenCalls: Int { Self.maxConnections }

    func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall {
        guard let target = ConnectParameters(parameters) else {
            throw ChannelError(reason: "sent an invalid connection request")
        }
        let isWithinBudget = state.withLock { $0.budget.take(at: now()) }
        return EgressConnection(GuestCallStream(id: id, send: send), events: events) { [self] connection in
            if isWithinBudget {
                serve(connection, target)
            } else {
                events(.connection(.busy))
                connection.finish(EgressError(.busy, "Too many connections at once. Try again in a second."))
            }
        }
    }

    private func serve(_ connection: EgressConnection, _ target: ConnectParameters) {
        do throws(EgressError) {
            let host = try policy.host(target.host, target.port)
            let number = try admit(connection, to: host)
            defer { if let number { gate?.connectionEnded(number) } }
            connection.run(to: host, by: policy) { address in
                events(.connection(.opened))
                log { $0.info("sandbox \(sandbox) connected to \(host) (\(address))") }
            } onUnopened: {
                report($0)
            }
        } catch {
            report(error)
            log { $0.warning("sandbox \(sandbox) was refused a connection: \(error.message)") }
            connection.finish(error)
        }
    }

    private func admit(_ connection: EgressConnection, to host: AllowedHost) throws(EgressError) -> Int? {
        switch gate?.admit(host.description, end: { connection.cancel() }) {
        case nil: return nil
        case .admitted(let number): return number
        case .refused(let reason): throw EgressError(.refused, reason)
        }
    }

    private func report(_ error: EgressError) {
        events(.connection(error.code == .refused ? .denied : .failed))
    }

    private func log(_ write: (Logger) -> Void) {
        if state.withLock({ $0.logBudget.take(at: now()) }) { write(logger) }
    }
}

/// The parameters of a guest's request for a connection.
struct ConnectParameters: Sendable, Equatable {
    /// The member names on the channel.
    enum Name: String, CaseIterable {
        case host
        case port
    }

    let host: String
    let port: Int

    /// Parses the guest's parameters; `nil` for a request that our guest never sends.
    init?(_ value: JSON) {
        guard let host = value[Name.host]?.stringValue, let port = value[Name.port]?.integerValue else { return nil }
        self.host = host
        self.port = port
    }
}
