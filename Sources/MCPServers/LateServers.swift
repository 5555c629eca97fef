import Threading

/// Waits for tool servers, for each only so long: a silent one must not hold a run whose tools are others'.
///
/// One that was late is not waited for again for a while, unless it has come to run since.
final class LateServers: Sendable {
    /// Seconds for which nobody waits for a server that was late.
    static let pause = 60.0

    private struct Mark {
        let until: Double
        /// Whether it ran, and was silent all the same.
        let wasRunning: Bool
    }

    private let seconds: Double
    private let timekeeper: Timekeeper
    private let marks = Locked<[ObjectIdentifier: Mark]>([:])

    /// - Parameter seconds: how long to wait for a server that says nothing else itself.
    init(seconds: Double, timekeeper: Timekeeper) {
        self.seconds = seconds
        self.timekeeper = timekeeper
    }

    /// What `body` makes of a server; ``SupervisionError/late(seconds:said:)`` where that takes too long. The server's own
    /// start goes on meanwhile.
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
            // The two may have come at once.
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
        let mark = Mark(until: timekeeper.now() + Self.pause, wasRunning: server.isRunning)
        marks.withLock { $0[ObjectIdentifier(server)] = mark }
        return .failure(.late(seconds: limit, said: server.stderrTail))
    }

    /// What `body` throws and returns, as a value.
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
        return timekeeper.now() < mark.until && server.isRunning == mark.wasRunning
    }
}
