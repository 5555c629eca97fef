import Threading

/// Runs `operation` with a timeout of `seconds`. On timeout, cancels it and still waits for its end. Time during which
/// the machine sleeps does not count.
///
/// - Throws: `timeoutError` on timeout, and any error that `operation` throws.
func withTimeout<Value: Sendable>(
    seconds: Double, _ timeoutError: @autoclosure () -> ExecError,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    // If the task is cancelled, the timer leaves the outcome to the operation.
    let value = try await withTimeLimit(
        { (try? await Task.sleep(for: .seconds(seconds), clock: .suspending)) != nil }, operation)
    guard let value else { throw timeoutError() }
    return value
}
