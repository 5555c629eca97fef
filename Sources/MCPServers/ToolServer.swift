public import MCPClient
import SystemCalls
public import Threading

/// Supervises one tool server: starts it on first use, and restarts it on the next use after it has ended. Repeated
/// failures are restarted with exponential back-off.
public actor ToolServer {
    /// The version that cached answers of a server are valid for: one start of it, and one state of its lists.
    public struct Version: Sendable, Equatable {
        fileprivate(set) var start = 0
        fileprivate(set) var changes: [String: Int] = [:]

        /// Returns a value that stays equal while the list of `tools`, `prompts` or `resources` is unchanged.
        public func of(_ list: String) -> [Int] { [start, changes[list] ?? 0] }
    }

    private enum State {
        case stopped
        case starting(Task<Result<MCPClient, MCPClientError>, Never>)
        case running(MCPClient, since: Double)
        case closed
    }

    /// How long a server that keeps failing is left alone.
    public struct RestartPolicy: Sendable {
        fileprivate let pause: @Sendable (_ failures: Int) -> Double

        /// No delay after the first failure, then 1, 2, 4… seconds, at most a minute.
        public static let backOff = RestartPolicy { failures in
            failures < 2 ? 0 : min(maxPause, Double(1 << min(failures - 2, 16)))
        }

        /// No delay for the first `failures` but one; from then on, calls fail at once for `seconds`.
        public static func failFast(after failures: Int, seconds: Double) -> RestartPolicy {
            RestartPolicy { $0 < failures ? 0 : seconds }
        }
    }

    /// Seconds that a server must have run for its end to reset the back-off.
    static let stableRunSeconds = 60.0
    /// The maximum delay before a restart, in seconds.
    static let maxPause = 60.0
    /// The longest delay, in seconds, that a caller waits for; a longer one fails the call at once.
    static let maxAwaitedPause = 5.0

    /// The server's name in messages.
    public nonisolated let name: String
    /// Seconds that the other servers wait for this one; `nil` for the default.
    nonisolated let startSeconds: Double?
    /// The filter for its tools.
    nonisolated let tools: ToolFilter

    private let entry: ToolServerEntry
    private let identity: ClientIdentity
    private let environment: [String: String]
    private let limits: ClientLimits
    private let clock: MonotonicClock
    private let restarts: RestartPolicy
    private let elicitation: (any ElicitationHandler)?
    private let onNotice: @Sendable (ServerNotice) -> Void
    private let onErrorLine: @Sendable (String) -> Void
    private let said: StderrTail
    private let runs = Locked(false)
    private let versions = Locked(Version())
    private var state = State.stopped
    /// Consecutive failures: starts that failed and runs that ended early.
    private var failures = 0
    private var notBefore = 0.0
    /// Why the server isn't running; `nil` if it is running or was never started.
    private var lastFailure: String?
    /// Whether the last start succeeded.
    private var isStartable = true

    /// The server of an entry. It is started on first use.
    ///
    /// - Parameters:
    ///   - identity: the client's identity.
    ///   - environment: the complete environment of the server's program.
    ///   - restarts: how long it is left alone after failures.
    ///   - elicitation: answers the server's questions to its user; `nil` declares no elicitation.
    ///   - onNotice: called with events that no error reports.
    ///   - onErrorLine: called with each line of the server's standard error.
    public init(
        _ entry: ToolServerEntry, as identity: ClientIdentity, environment: [String: String],
        limits: ClientLimits = ClientLimits(), clock: MonotonicClock = .system, restarts: RestartPolicy = .backOff,
        elicitation: (any ElicitationHandler)? = nil,
        onNotice: @escaping @Sendable (ServerNotice) -> Void,
        onErrorLine: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        name = entry.name
        startSeconds = entry.startSeconds
        tools = entry.tools
        self.entry = entry
        self.identity = identity
        self.environment = environment
        self.limits = limits
        self.clock = clock
        self.restarts = restarts
        self.elicitation = elicitation
        self.onNotice = onNotice
        let said = StderrTail()
        self.said = said
        self.onErrorLine = { line in
            said.add(line)
            onErrorLine(line)
        }
    }

    /// The end of its standard error; empty if it wrote nothing.
    public nonisolated var stderrTail: String { said.text }

    /// Whether it has been started and hasn't ended.
    public nonisolated var isRunning: Bool { runs.withLock { $0 } }

    /// The version that answers fetched now are valid for.
    public nonisolated var version: Version { versions.withLock { $0 } }

    /// Runs `body` with the server, starting it if necessary.
    ///
    /// - Parameter again: whether to retry once if the server ends in the meantime; only for requests without side
    ///   effects.
    /// - Throws: ``SupervisionError``.
    public nonisolated func use<Value: Sendable>(
        again: Bool, _ body: @Sendable (MCPClient) async throws(MCPClientError) -> Value
    ) async throws(SupervisionError) -> Value {
        let client = try await client()
        do {
            return try await body(client)
        } catch .ended(let how) {
            await lost(client, how)
            guard again else { throw .inUse(.ended(how)) }
        } catch {
            throw .inUse(error)
        }
        return try await use(again: false, body)
    }

    /// The server's state.
    public var health: ToolServerHealth.State {
        switch state {
        case .running: .running
        case .starting: .starting
        case .stopped, .closed: failureOfStart.map { .failed($0) } ?? .stopped
        }
    }

    /// Why the next request wouldn't start the server; `nil` if it would.
    private var failureOfStart: String? {
        isStartable && notBefore <= clock.now() ? nil : lastFailure
    }

    /// Stops the server, unless `isNeeded` returns true or it isn't running, and waits until it has ended. The next use
    /// starts it again.
    ///
    /// - Parameter isNeeded: called when no other use can begin. A caller that uses the server must first
    ///   make it return true.
    public func stop(unless isNeeded: @Sendable () -> Bool) async {
        guard case .running(let client, _) = state, !isNeeded() else { return }
        state = .stopped
        runs.withLock { $0 = false }
        versions.withLock { $0.start += 1 }
        failures = 0
        await client.close()
    }

    /// Stops the server permanently and waits until it has ended.
    public func close() async {
        let state = state
        self.state = .closed
        switch state {
        case .running(let client, _):
            await client.close()
        case .starting(let task):
            task.cancel()
            if case .success(let client) = await task.value { await client.close() }
        case .stopped, .closed: break
        }
    }

    private func client() async throws(SupervisionError) -> MCPClient {
        while true {
            switch state {
            case .closed: throw .toStart("it was closed")
            case .running(let client, _): return client
            case .starting(let task):
                guard let outcome = await Self.value(of: task) else { throw .cancelled }
                switch outcome {
                case .success(let client): return client
                case .failure(let error): throw .toStart(reason(error))
                }
            case .stopped:
                let pause = notBefore - clock.now()
                if pause <= 0 {
                    start()
                } else if pause <= Self.maxAwaitedPause {
                    do {
                        try await clock.sleep(pause)
                    } catch {
                        throw .cancelled
                    }
                } else {
                    let seconds = Int(pause.rounded(.up))
                    throw .toStart("\(lastFailure ?? "it ended"); the next attempt is in \(seconds) seconds")
                }
            }
        }
    }

    private func start() {
        versions.withLock { $0.start += 1 }
        said.clear()
        let task = Task { [self] () -> Result<MCPClient, MCPClientError> in
            let outcome = await connect()
            finishStart(outcome)
            return outcome
        }
        state = .starting(task)
    }

    private nonisolated func connect() async -> Result<MCPClient, MCPClientError> {
        let handlers = ServerHandlers(
            onNotification: { [weak self] in self?.noteChange($0) }, onErrorLine: onErrorLine,
            onRemark: { [onNotice, name] in onNotice(.remark(server: name, $0)) }, elicitation: elicitation)
        if let url = entry.url {
            let endpoint = HTTPEndpoint(
                url: url, headers: entry.headers, environment: environment, secrets: entry.secrets)
            do throws(MCPClientError) {
                return .success(
                    try await MCPClient.start(endpoint, as: identity, limits: limits, handlers: handlers))
            } catch {
                return .failure(error)
            }
        }
        let path = environment["PATH"]
        guard let executable = Executables.find(entry.command, on: path) else {
            let place = entry.command.contains("/") ? "at \(entry.command)" : "\(entry.command) on PATH"
            return .failure(.cannotStart("there is no program \(place)"))
        }
        if let directory = entry.workingDirectory, !Files.isDirectory(directory) {
            return .failure(.cannotStart("there is no directory \(directory)"))
        }
        do throws(MCPClientError) {
            return .success(
                try await MCPClient.start(
                    ServerProgram(
                        executable: executable, arguments: entry.arguments, environment: environment,
                        workingDirectory: entry.workingDirectory, secrets: entry.secrets),
                    as: identity, limits: limits, handlers: handlers))
        } catch {
            return .failure(error)
        }
    }

    private func finishStart(_ outcome: Result<MCPClient, MCPClientError>) {
        guard case .starting = state else { return }
        switch outcome {
        case .success(let client):
            state = .running(client, since: clock.now())
            runs.withLock { $0 = true }
            lastFailure = nil
            isStartable = true
            client.onEnd { [weak self] how in
                Task { await self?.lost(client, how) }
            }
        case .failure(let error):
            state = .stopped
            isStartable = false
            pause(reason(error))
        }
    }

    /// Handles the end of the server behind `client`.
    private func lost(_ client: MCPClient, _ how: String) {
        guard case .running(let current, let since) = state, current === client else { return }
        state = .stopped
        runs.withLock { $0 = false }
        versions.withLock { $0.start += 1 }
        if clock.now() - since >= Self.stableRunSeconds { failures = 0 }
        pause("it ended: \(how)")
        onNotice(.ended(server: name, how: how))
        // A server that only stopped reading is still running.
        Task { await client.close() }
    }

    /// Schedules the next start.
    private func pause(_ failure: String) {
        failures += 1
        lastFailure = failure
        notBefore = clock.now() + restarts.pause(failures)
    }

    private nonisolated func noteChange(_ method: String) {
        let parts = method.split(separator: "/")
        guard parts.count == 3, parts[0] == "notifications", parts[2] == "list_changed" else { return }
        // Only these, so that a server can't fill the dictionary.
        guard ["tools", "prompts", "resources"].contains(parts[1]) else { return }
        versions.withLock { $0.changes[String(parts[1]), default: 0] += 1 }
    }

    private nonisolated func reason(_ error: MCPClientError) -> String {
        switch error {
        case .cannotStart(let reason), .unavailable(let reason, _): reason
        // Its standard error may explain the silence.
        case .timedOut where !stderrTail.isEmpty: "\(error); it last said: \(stderrTail)"
        default: error.description
        }
    }

    /// Returns a task's value; `nil` if the calling task is cancelled first. The task itself continues, because others
    /// wait for it.
    private static func value<Value: Sendable>(of task: Task<Value, Never>) async -> Value? {
        let values = AsyncStream<Value> { continuation in
            Task {
                continuation.yield(await task.value)
                continuation.finish()
            }
        }
        return await values.first { _ in true }
    }
}
