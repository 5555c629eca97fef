import JSON
import JSONRPC
import MCP
import Threading

/// Tells the client of a call how far it is (server/utilities/progress in the legacy revisions, basic/patterns/progress
/// in 2026-07-28).
///
/// The progress is the number of seconds since the call came: how much there is to do, nobody knows.
struct ProgressReporter: Sendable {
    /// Four a second are enough for people, and no burden to hosts.
    private static let interval = Duration.milliseconds(250)
    /// Hosts stop waiting for a call of which they hear nothing for a minute.
    private static let silence = Duration.seconds(5)

    private let token: JSON
    private let hasMessages: Bool
    private let exchange: Exchange
    private let start = ContinuousClock.now

    /// - Returns: `nil` where the client did not ask for progress.
    init?(_ context: RequestContext, _ exchange: Exchange) {
        guard let token = context.progressToken else { return nil }
        self.token = token
        hasMessages = context.revision.hasProgressMessages
        self.exchange = exchange
    }

    /// Runs `work` and passes on what it reports: the newest line where several come at once, and in silence a sign of
    /// life now and then.
    func reporting<Value: Sendable>(
        _ work: @escaping @Sendable (Progress) async throws -> Value
    ) async throws -> Value {
        let (lines, report) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work(Progress { report.yield($0) }) }
            group.addTask {
                await send(lines, signOfLife: report)
                return nil
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private func send(_ lines: AsyncStream<String>, signOfLife: AsyncStream<String>.Continuation) async {
        let newest = Locked("")
        let lastSent = Locked(ContinuousClock.now)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: Self.silence)) != nil {
                    guard lastSent.withLock({ $0 }).duration(to: .now) >= Self.silence / 2 else { continue }
                    let said = newest.withLock { $0 }
                    let seconds = start.duration(to: .now).components.seconds
                    signOfLife.yield("Running for \(seconds) s" + (said.isEmpty ? "" : ": \(said)"))
                }
            }
            var previous = 0
            for await line in lines {
                newest.withLock { newest in
                    if !line.hasPrefix("Running for ") { newest = line }
                }
                previous = max(previous + 1, milliseconds)
                notify(previous, line)
                lastSent.withLock { $0 = .now }
                if (try? await Task.sleep(for: Self.interval)) == nil { break }
            }
            group.cancelAll()
        }
    }

    private var milliseconds: Int {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    private func notify(_ milliseconds: Int, _ line: String) {
        var params: JSONObject = ["progressToken": token, "progress": .double(Double(milliseconds) / 1000)]
        if hasMessages { params["message"] = .string(line) }
        exchange.notify(Notification(method: "notifications/progress", params: params))
    }
}
