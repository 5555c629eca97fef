/// Where a thread leaves the outcome that a task waits for. It is resumed exactly once, as a continuation is.
///
/// The outcome goes through a lock. To the language a continuation is enough, but where it is resumed before its task
/// waits, ThreadSanitizer does not see that the one comes after the other, and would report a race that is none.
public struct Promise<Value: Sendable>: Sendable {
    fileprivate let outcome: Locked<Result<Value, any Error>>
    fileprivate let continuation: CheckedContinuation<Void, Never>

    /// Lets the task go on with `result`.
    public func resume(with result: Result<Value, any Error>) {
        outcome.withLock { $0 = result }
        continuation.resume()
    }

    /// Lets the task go on with `value`.
    public func resume(returning value: Value) {
        resume(with: .success(value))
    }

    /// Lets the task go on by throwing `error`.
    public func resume(throwing error: any Error) {
        resume(with: .failure(error))
    }
}

/// Waits for what `body` gets someone to hand over. `body` itself runs at once, in the calling task.
///
/// - Throws: the error that was handed over.
public func withPromise<Value: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Promise<Value>) -> Void
) async throws -> Value {
    // Never seen: the task goes on only when it has been replaced.
    let outcome = Locked<Result<Value, any Error>>(.failure(CancellationError()))
    await withCheckedContinuation { body(Promise(outcome: outcome, continuation: $0)) }
    return try outcome.withLock { $0 }.get()
}
