import Diagnostics
import ExecCore
import JSON
import Telemetry
import Threading

/// The calls of one command, or of one background connection: counts and limits them, and says what became of them.
final class CommandCalls: Sendable {
    /// A call that has begun.
    struct Ticket: Sendable {
        fileprivate let number: Int
    }

    private struct OpenCall {
        let summary: String
        var isSent = false
        let cancel: @Sendable () -> Void
    }

    private struct State {
        var open: [Int: OpenCall] = [:]
        var lastNumber = 0
        /// How many requests wait for a server, calls and others.
        var waiting = 0
        var bytes = 0
        var rate = TokenBucket(
            perSecond: RequestLimits.callsPerSecond, atOnce: RequestLimits.callsPerSecond, savedSeconds: 0)
        /// How many calls were made, by server.
        var counts: [String: Int] = [:]
        var failures = 0
        var refusals = 0
        /// Calls that may have happened.
        var uncertain: [String] = []
        var uncertainCount = 0
        var isOver = false
        var lookups = TokenBucket(
            perSecond: RequestLimits.lookupsPerSecond, atOnce: RequestLimits.lookupsPerSecond, savedSeconds: 1)
    }

    private static let shownCalls = 5

    /// The number of the command; `nil` for a background process.
    let command: UInt32?
    /// Limits how many of its calls run at once.
    let turns = AsyncSemaphore(count: RequestLimits.concurrentCallsPerCommand)
    /// What people are asked about its calls.
    let questions: CommandQuestions
    /// How many questions of servers were relayed.
    let relayedQuestions = Locked(0)
    /// Whose turn it is to wait for the rate: one at a time, so that many waiting calls cost no more than one.
    private let rateTurn = AsyncSemaphore(count: 1)
    private let lookupTurn = AsyncSemaphore(count: 1)
    private let listener: BridgedCommand?
    private let maxBytes: Int
    private let clock: MonotonicClock
    private let hasEnded = AsyncEvent()
    private let state = Locked(State())

    /// - Parameters:
    ///   - command: the number of the command; `nil` for a background process.
    ///   - listener: the command; `nil` for background processes.
    ///   - approvals: what people have approved for its user.
    ///   - maxBytes: how many bytes its calls may transfer, arguments and results together.
    init(
        of command: UInt32?, _ listener: BridgedCommand? = nil, approvals: UserApprovals,
        maxBytes: Int = RequestLimits.bytesPerCommand, clock: MonotonicClock = .system
    ) {
        self.command = command
        questions = CommandQuestions(of: listener, approvals)
        self.listener = listener
        self.maxBytes = maxBytes
        self.clock = clock
    }

    /// Asks the person behind the client; `nil` if that isn't possible.
    var interaction: (any UserInteraction)? { listener?.user }

    /// Where the command is in a trace; `nil` if it isn't part of one.
    var trace: TraceContext? { listener?.trace }

    /// Passes on a line of progress.
    var onProgress: (@Sendable (String) -> Void)? { listener?.onProgress }

    /// Tells the command of a call that has ended.
    func report(_ call: NestedCall) {
        listener?.onCall?(
            BridgedCall(
                server: call.server.singleLine(limit: 100), tool: call.tool.singleLine(limit: 100),
                seconds: call.seconds, isOK: call.outcome == .ok))
    }

    /// Whether the command is over.
    var isOver: Bool { state.withLock { $0.isOver } }

    // MARK: - Limits

    /// Counts a call of a server, whether the rules let it run or not.
    ///
    /// - Parameters:
    ///   - bytes: the size of its arguments.
    ///   - check: applies the rules.
    /// - Throws: ``BridgeError`` if it would exceed a limit, and what `check` throws. Refusals are slowed down to the
    ///   rate of calls, so that a loop around one cannot keep this program busy.
    func admit(
        to server: BridgeServer, bytes: Int, ifAllowed check: () throws(BridgeError) -> Void
    ) async throws(BridgeError) {
        do throws(BridgeError) {
            try count(server.name, limit: server.entry.settings.maxCalls, bytes: bytes)
            try check()
        } catch {
            state.withLock { $0.failures += 1 }
            try? await waitForRate()
            throw error
        }
    }

    /// Counts a call that was refused after it was admitted.
    func countFailure() {
        state.withLock { $0.failures += 1 }
    }

    private func count(_ server: String, limit: Int, bytes: Int) throws(BridgeError) {
        try state.withLock { (state) throws(BridgeError) in
            guard !state.isOver else { throw Self.over }
            let all = state.counts.values.reduce(0, +)
            guard all < RequestLimits.callsPerCommand else {
                throw BridgeError(
                    .budget,
                    """
                    A command may call tools \(RequestLimits.callsPerCommand) times. Go on in another command: save what \
                    you have in a file.
                    """)
            }
            guard state.counts[server, default: 0] < limit else {
                throw BridgeError(
                    .budget,
                    """
                    A command may call the server \(server) \(limit.counted("time")) (exec-mcp.maxCalls of its entry).
                    """)
            }
            try charge(bytes, &state)
            state.counts[server, default: 0] += 1
        }
    }

    /// Counts transferred bytes.
    ///
    /// - Throws: ``BridgeError`` if they are more than are left.
    func charge(_ bytes: Int) throws(BridgeError) {
        try state.withLock { (state) throws(BridgeError) in try charge(bytes, &state) }
    }

    private func charge(_ bytes: Int, _ state: inout State) throws(BridgeError) {
        guard state.bytes + bytes <= maxBytes else {
            throw BridgeError(
                .budget, "The tool calls of a command may transfer \(maxBytes >> 20) MiB, and these did.")
        }
        state.bytes += bytes
    }

    /// Waits until the rate limit lets another call start.
    ///
    /// - Throws: `CancellationError`.
    func waitForRate() async throws {
        try await rateTurn.wait()
        defer { rateTurn.signal() }
        while !state.withLock({ $0.rate.take(at: .now) }) {
            try await clock.sleep(1 / RequestLimits.callsPerSecond)
        }
    }

    /// Returns what ends a call's turn when its answer is written. Background processes share their turns, so the turn
    /// of an answer that one of them doesn't read ends after a while all the same; a command only keeps its own.
    func endOfTurn() -> @Sendable () -> Void {
        guard command == nil else { return { [turns] in turns.signal() } }
        let hasEnded = Locked(false)
        let end = { @Sendable [turns] in
            let isFirst = hasEnded.withLock { hasEnded in
                defer { hasEnded = true }
                return !hasEnded
            }
            if isFirst { turns.signal() }
        }
        let timer = Task { [clock] in
            guard (try? await clock.sleep(RequestLimits.unreadTurnSeconds)) != nil else { return }
            end()
        }
        return {
            timer.cancel()
            end()
        }
    }

    /// Waits until the rate limit lets another request start that only looks something up. They cost this program time
    /// and no server.
    ///
    /// - Throws: ``BridgeError`` if it was cancelled.
    func waitForLookup() async throws(BridgeError) {
        do {
            try await lookupTurn.wait()
            defer { lookupTurn.signal() }
            while !state.withLock({ $0.lookups.take(at: .now) }) {
                try await Task.sleep(for: .seconds(1 / RequestLimits.lookupsPerSecond))
            }
        } catch {
            throw BridgeError(.interrupted, "The request was cancelled.")
        }
    }

    private static let over = BridgeError(.interrupted, "The command that this belongs to is over.")

    // MARK: - Calls

    /// A call begins.
    ///
    /// - Parameter cancel: cancels it.
    func begin(_ summary: String, cancel: @escaping @Sendable () -> Void) throws(BridgeError) -> Ticket {
        try state.withLock { (state) throws(BridgeError) in
            guard !state.isOver else { throw Self.over }
            state.lastNumber += 1
            state.open[state.lastNumber] = OpenCall(summary: summary, cancel: cancel)
            return Ticket(number: state.lastNumber)
        }
    }

    /// The request of a call is about to be sent to its server.
    func recordSent(_ ticket: Ticket) {
        state.withLock { $0.open[ticket.number]?.isSent = true }
    }

    /// A call has ended.
    ///
    /// - Parameter mayHaveHappened: whether it failed without an answer from its server.
    func end(_ ticket: Ticket, _ outcome: NestedCall.Outcome, mayHaveHappened: Bool = false) {
        let isLast = state.withLock { state in
            guard let call = state.open.removeValue(forKey: ticket.number) else { return false }
            if outcome != .ok { state.failures += 1 }
            if call.isSent, mayHaveHappened || outcome == .cancelled || outcome == .timedOut {
                state.uncertainCount += 1
                if state.uncertain.count < Self.shownCalls { state.uncertain.append(call.summary) }
            }
            return state.isOver && state.open.isEmpty
        }
        if isLast { hasEnded.complete() }
    }

    /// Whether a failed call is logged: of refused ones only the first, since code can make any number of them.
    func isLogged(_ error: BridgeError) -> Bool {
        guard [.denied, .approvalRequired, .budget].contains(error.kind) else { return true }
        return state.withLock { state in
            state.refusals += 1
            return state.refusals <= RequestLimits.loggedRefusals
        }
    }

    /// Whether the request of a call was sent to its server.
    func isSent(_ ticket: Ticket) -> Bool {
        state.withLock { $0.open[ticket.number]?.isSent ?? true }
    }

    /// Holds the command's clock while `body` waits for a server.
    func waiting<Value>(_ body: () async throws(BridgeError) -> Value) async throws(BridgeError) -> Value {
        change(by: 1)
        defer { change(by: -1) }
        return try await body()
    }

    private func change(by step: Int) {
        // Under the lock, so that the last one is told last.
        state.withLock { state in
            let wasHeld = state.waiting > 0
            state.waiting += step
            if wasHeld != (state.waiting > 0) { listener?.holdClock(state.waiting > 0) }
        }
    }

    // MARK: - The end

    /// The command is over: cancels its open calls and waits until they have ended.
    ///
    /// - Returns: a note on its calls; `nil` if it made none.
    func finish() async -> String? {
        let open = state.withLock { state in
            state.isOver = true
            return state.open.values.map(\.cancel)
        }
        for cancel in open { cancel() }
        questions.end()
        // Cancelled calls end at once. Should one not, its line is not worth the wait.
        if !open.isEmpty { _ = await hasEnded.wait(seconds: 2) }
        return state.withLock { Self.note($0) }
    }

    private static func note(_ state: State) -> String? {
        let all = state.counts.values.reduce(0, +)
        guard all > 0 else { return nil }
        let servers = state.counts.sorted { $0.key < $1.key }.map { "\($0.key.singleLine(limit: 40)) \($0.value)" }
        var note = "[tools: \(all.counted("call")), \(servers.joined(separator: ", "))"
        if state.failures > 0 { note += "; \(state.failures) failed" }
        note += "]"
        // Calls that did not even end when they were cancelled.
        let left = state.open.values.filter(\.isSent).map(\.summary)
        let uncertain = (state.uncertain + left).prefix(shownCalls)
        guard !uncertain.isEmpty else { return note }
        let more = state.uncertainCount + left.count - uncertain.count
        return note + "\nnot finished, may have happened: \(uncertain.joined(separator: ", "))"
            + (more > 0 ? " and \(more) more" : "")
    }
}
