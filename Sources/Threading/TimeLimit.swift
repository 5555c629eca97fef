/// Runs `work` with a time limit. On timeout `work` is cancelled, and its end is still awaited.
///
/// - Parameters:
///   - timer: returns when the time is up. Returns false to leave the outcome to `work`, for example because the task
///     is cancelled; an error it throws is the outcome. Cancelled when `work` ends.
///   - work: the work to limit.
/// - Returns: `nil` on timeout.
/// - Throws: what `work` throws.
public func withTimeLimit<Value: Sendable>(
    _ timer: @escaping @Sendable () async throws -> Bool, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: LimitedOutcome<Value>.self) { group in
        group.addTask { .value(try await work()) }
        group.addTask { .timer(isUp: try await timer()) }
        defer { group.cancelAll() }
        while let outcome = try await group.next() {
            switch outcome {
            case .value(let value): return value
            case .timer(isUp: true): return nil
            case .timer(isUp: false): continue
            }
        }
        return nil
    }
}

private enum LimitedOutcome<Value: Sendable>: Sendable {
    case value(Value)
    case timer(isUp: Bool)
}

/// Runs `work` and abandons it after `seconds`: it is cancelled, but its end is not awaited, because work that hangs
/// may not notice the cancellation.
///
/// - Returns: `nil` on timeout.
/// - Throws: `CancellationError` if the task is cancelled first, and what `work` throws.
public func abandoning<Value: Sendable>(
    after seconds: Double, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await abandoning(when: { try await Task.sleep(for: .seconds(seconds)) }, work)
}

/// Runs `work` and abandons it as ``abandoning(after:_:)`` does.
///
/// - Parameter timer: returns when the time is up. Cancelled when `work` ends.
/// - Returns: `nil` on timeout.
/// - Throws: `CancellationError` if the task is cancelled first, and what `work` throws.
public func abandoning<Value: Sendable>(
    when timer: @escaping @Sendable () async throws -> Void, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    let outcome = Locked<Result<Value?, any Error>?>(nil)
    let isSettled = AsyncEvent()
    @Sendable func settle(_ result: Result<Value?, any Error>) {
        outcome.withLock { if $0 == nil { $0 = result } }
        isSettled.complete()
    }
    let worker = Task.detached {
        do { settle(.success(try await work())) } catch { settle(.failure(error)) }
    }
    let clock = Task.detached {
        try await timer()
        settle(.success(nil))
    }
    defer {
        worker.cancel()
        clock.cancel()
    }
    try await isSettled.waitUnlessCancelled()
    return try outcome.withLock { $0 }?.get()
}
