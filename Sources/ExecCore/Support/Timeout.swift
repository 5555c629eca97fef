/// Runs `operation` and gives up after `seconds`: it is cancelled then, and its end is still waited for. Time in which
/// the machine sleeps does not count.
///
/// - Throws: `timeoutError` when the time is up, and what `operation` throws.
func withTimeout<Value: Sendable>(
    seconds: Double, _ timeoutError: ExecError, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            // Cancelled, it leaves it to the operation to say what became of it.
            guard (try? await Task.sleep(for: .seconds(seconds), clock: .suspending)) != nil else { return nil }
            throw timeoutError
        }
        defer { group.cancelAll() }
        while let outcome = try await group.next() {
            if let value = outcome { return value }
        }
        throw timeoutError
    }
}
