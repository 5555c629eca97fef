/// A one-shot promise: a thread fulfills it, a task waits for the outcome. Must be resumed exactly once, like a
/// continuation.
///
/// The outcome passes through a lock. The language requires only the continuation, but if it is resumed before its
/// task waits, ThreadSanitizer doesn't see the happens-before relation and would report a false race.
public struct Promise<Value: Sendable>: Sendable {
    fileprivate let outcome: Locked<Result<Value, any Error>>
    fileprivate let continuation: CheckedContinuation<Void, Never>

    /// Resumes the task with `result`.
    public func resume(with result: Result<Value, any Error>) {
        outcome.withLock { $0 = result }
        continuation.resume()
    }

    /// Resumes the task with `value`.
    public func resume(returning value: Value) {
        resume(with: .success(value))
    }

    /// Resumes the task by throwing `error`.
    public func resume(throwing error: any Error) {
        resume(with: .failure(error))
    }
}

/// Passes a promise to `body`, which runs at once in the calling task, and waits until the promise is resumed.
///
/// - Throws: the error that the promise was resumed with.
public func withPromise<Value: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Promise<Value>) -> Void
) async throws -> Value {
    // Never observed: the task resumes only after this has been replaced.
    let outcome = Locked<Result<Value, any Error>>(.failure(CancellationError()))
    await withCheckedContinuation { body(Promise(outcome: outcome, continuation: $0)) }
    return try outcome.withLock { $0 }.get()
}
