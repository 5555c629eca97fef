import Threading

/// Waits for tool servers with a time limit for each, so that a silent server doesn't block a run that uses other
/// servers' tools.
///
/// A server that missed its limit is skipped for a while, unless it has started or ended since.
final class LateServers: Sendable {
    /// How many seconds a late server is skipped.
    static let pause = 60.0

    private struct Mark {
        let until: Double
        /// Whether the server was running when it missed the limit.
        let wasRunning: Bool
    }

    private let seconds: Double
    private let clock: MonotonicClock
    private let marks = Locked<[ObjectIdentifier: Mark]>([:])

    /// - Parameter seconds: the default limit, for servers whose entry has none.
    init(seconds: Double, clock: MonotonicClock) {
        self.seconds = seconds
        self.clock = clock
    }

    /// Returns the outcome of `body` for a server; ``SupervisionError/late(seconds:said:)`` if it exceeds the limit.
    /// The server's start continues in the background.
    func value<Value: Sendable>(
        of server: ToolServer, _ body: @escaping @Sendable () async throws(SupervisionError) -> Value
    ) async -> Result<Value, SupervisionError> {
        let limit = server.startSeconds ?? seconds
        guard !isSkipped(server) else { return .failure(.late(seconds: limit, said: server.stderrTail)) }
        typealias Outcome = Result<Value, SupervisionError>
        let outcome = await withTaskGroup(of: Outcome?.self, returning: Outcome?.self) { group in
            group.addTask { await Self.result(of: body) }
            group.addTask {
                try? await Task.sleep(for: .seconds(limit))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // Both may have finished at the same time.
            let second = await group.next() ?? nil
            if let first { return first }
            if case .success(let value)? = second { return .success(value) }
            return nil
        }
        if let outcome {
            if case .success = outcome { marks.withLock { $0[ObjectIdentifier(server)] = nil } }
            return outcome
        }
        guard !Task.isCancelled else { return .failure(.cancelled) }
        let mark = Mark(until: clock.now() + Self.pause, wasRunning: server.isRunning)
        marks.withLock { $0[ObjectIdentifier(server)] = mark }
        return .failure(.late(seconds: limit, said: server.stderrTail))
    }

    /// Returns the outcome of `body` as a value.
    static func result<Value: Sendable>(
        of body: () async throws(SupervisionError) -> Value
    ) async -> Result<Value, SupervisionError> {
        do throws(SupervisionError) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    private func isSkipped(_ server: ToolServer) -> Bool {
        guard let mark = marks.withLock({ $0[ObjectIdentifier(server)] }) else { return false }
        return clock.now() < mark.until && server.isRunning == mark.wasRunning
    }
}
