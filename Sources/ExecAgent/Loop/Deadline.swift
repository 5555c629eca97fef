/// Runs `work` until it ends or the time is up; it is cancelled then, and its end waited for.
///
/// - Parameter deadline: `nil` for no limit.
/// - Returns: `nil` where the time was up first.
/// - Throws: what `work` throws.
func withDeadline<Value: Sendable>(
    _ deadline: ContinuousClock.Instant?, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    guard let deadline else { return try await work() }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(until: deadline, clock: .continuous)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
