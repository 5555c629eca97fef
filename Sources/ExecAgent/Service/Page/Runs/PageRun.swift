import JSON
import OpenAI
import Telemetry
import Threading

/// A run that belongs to the service: it goes on while its watchers come and go.
actor PageRun {
    /// Why a run is ended before the model has answered.
    enum StopReason: Sendable {
        case user
        /// Nobody has watched it for this number of seconds.
        case unwatched(seconds: Double)
        case serviceEnded

        var failure: PageTurn.Failure? {
            switch self {
            case .user: nil
            case .unwatched(let seconds):
                PageTurn.Failure(
                    message: "Nobody watched the run for \(Int(seconds)) seconds, so it was stopped.", code: "unwatched"
                )
            case .serviceEnded:
                PageTurn.Failure(message: "The service was stopped.", code: "service_stopped")
            }
        }
    }

    nonisolated let id: String
    nonisolated let user: String
    nonisolated let conversation: String
    /// The index of its turn.
    nonisolated let turn: Int
    nonisolated let log = RunLog()

    private let detachSeconds: Double
    private let clock: MonotonicClock
    private var work: Task<Void, Never>?
    private var watchers = 0
    private var detaching: Task<Void, Never>?
    private var stopReason: StopReason?
    private var hasEnded = false

    /// - Parameter detachSeconds: how long it goes on without a watcher.
    init(
        id: String, user: String, conversation: String, turn: Int, detachSeconds: Double, clock: MonotonicClock
    ) {
        self.id = id
        self.user = user
        self.conversation = conversation
        self.turn = turn
        self.detachSeconds = detachSeconds
        self.clock = clock
    }

    /// Starts the run.
    ///
    /// - Parameter work: must finish the log. Cancelled when the run is stopped.
    func start(_ work: @escaping @Sendable (PageRun) async -> Void) {
        guard self.work == nil else { return }
        // The run outlives the request that started it, but belongs to its trace.
        self.work = Task.detached { [self, trace = TraceContext.current] in
            await TraceContext.$current.withValue(trace) { await work(self) }
            await end()
        }
        if stopReason != nil { self.work?.cancel() }
        countUnwatched()
    }

    /// Ends the run: its calls are cancelled, and their processes with them.
    func stop(_ reason: StopReason) {
        guard stopReason == nil, !hasEnded else { return }
        stopReason = reason
        work?.cancel()
    }

    /// Why it was stopped; `nil` if it wasn't.
    var reasonToStop: StopReason? { stopReason }

    /// Waits until the run has ended.
    func waitUntilEnded() async { await work?.value }

    /// Registers a watcher.
    func watch() {
        watchers += 1
        detaching?.cancel()
        detaching = nil
    }

    /// Removes a watcher.
    func unwatch() {
        watchers -= 1
        countUnwatched()
    }

    private func end() {
        hasEnded = true
        detaching?.cancel()
        detaching = nil
    }

    private func countUnwatched() {
        guard watchers == 0, !hasEnded, detaching == nil else { return }
        detaching = Task { [detachSeconds, clock] in
            do {
                try await clock.sleep(detachSeconds)
            } catch {
                return
            }
            // A watcher may have come between the end of the sleep and this.
            guard !Task.isCancelled else { return }
            stop(.unwatched(seconds: detachSeconds))
        }
    }
}
