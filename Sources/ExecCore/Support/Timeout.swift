/// Runs `operation` and gives up after `seconds`: it is cancelled then, and its end is still waited for.
///
/// - Throws: `timeoutError` when the time is up, and what `operation` throws.
func withTimeout<Value: Sendable>(
    seconds: Double, _ timeoutError: ExecError, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw timeoutError
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw timeoutError }
        return value
    }
}
