import Threading

/// Thrown when the time limit has passed.
struct DeadlineError: Error {}

/// Runs `work` with a time limit of `seconds`. At the limit, `work` is cancelled but not waited for, because work that
/// hangs may not react to the cancellation.
///
/// - Throws: ``DeadlineError`` at the time limit, `CancellationError` if the task is cancelled, and any error that
///   `work` throws.
func withDeadline<Value: Sendable>(
    seconds: Double, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    guard let value = try await abandoning(after: seconds, work) else { throw DeadlineError() }
    return value
}
