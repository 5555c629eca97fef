import Threading

/// Runs what blocks on a thread of its own: Swift's pool has one thread a core.
func onBackgroundThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BackgroundThread.run("blocking", body)
}
