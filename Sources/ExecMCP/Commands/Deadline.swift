import Threading

/// The time was up.
struct DeadlineError: Error {}

/// Runs `work` and gives up after `seconds`: it is cancelled then, but its end is not waited for, because what hangs may
/// not hear of it.
///
/// - Throws: ``DeadlineError`` when the time is up, `CancellationError` when the task is cancelled, and what `work`
///   throws.
func withDeadline<Value: Sendable>(
    seconds: Double, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let race = Race<Value>()
    let worker = Task.detached {
        do { race.settle(.success(try await work())) } catch { race.settle(.failure(error)) }
    }
    let clock = Task.detached {
        try await Task.sleep(for: .seconds(seconds))
        race.settle(.failure(DeadlineError()))
    }
    defer {
        worker.cancel()
        clock.cancel()
    }
    return try await withTaskCancellationHandler {
        try await race.outcome()
    } onCancel: {
        race.settle(.failure(CancellationError()))
    }
}

/// The first of several outcomes.
private final class Race<Value: Sendable>: Sendable {
    private struct State {
        var outcome: Result<Value, any Error>?
        var waiter: Handover<Value>?
    }

    private let state = Locked(State())

    func settle(_ outcome: Result<Value, any Error>) {
        let waiter: Handover<Value>? = state.withLock { state in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: outcome)
    }

    /// To be awaited once.
    func outcome() async throws -> Value {
        try await withHandover { handover in
            let settled: Result<Value, any Error>? = state.withLock { state in
                if state.outcome == nil { state.waiter = handover }
                return state.outcome
            }
            if let settled { handover.resume(with: settled) }
        }
    }
}
