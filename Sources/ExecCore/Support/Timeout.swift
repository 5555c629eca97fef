import Threading

/// Runs `operation` and gives up after `seconds`: it is cancelled then, and its end is still waited for. Time in which
/// the machine sleeps does not count.
///
/// - Throws: `timeoutError` when the time is up, and what `operation` throws.
func withTimeout<Value: Sendable>(
    seconds: Double, _ timeoutError: ExecError, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    // Cancelled, the timer leaves it to the operation to say what became of it.
    let value = try await withTimeLimit(
        { (try? await Task.sleep(for: .seconds(seconds), clock: .suspending)) != nil }, operation)
    guard let value else { throw timeoutError }
    return value
}
