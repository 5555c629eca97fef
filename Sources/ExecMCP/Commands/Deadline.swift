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
    guard let value = try await abandoning(after: seconds, work) else { throw DeadlineError() }
    return value
}
