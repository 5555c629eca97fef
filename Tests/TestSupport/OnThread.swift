import Threading

/// Runs what blocks on a thread of its own: the pool that tests run on has one thread a core.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BackgroundThread.run("test", body)
}

/// Runs `body` in several threads at once, with the number of each, and waits for all.
package func onThreads<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        for number in 0..<count {
            group.addTask { (number, try await onThread { try body(number) }) }
        }
        return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

/// Looks again and again until `condition` holds, for what brings no event of its own. A test's time limit is what ends
/// it otherwise.
package func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try await Task.sleep(for: .milliseconds(10))
    }
}
