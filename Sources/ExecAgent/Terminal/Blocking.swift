import Threading

/// Runs blocking work on a thread of its own: Swift's cooperative pool has only one thread per core.
func onBackgroundThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BackgroundThread.run("blocking", body)
}
