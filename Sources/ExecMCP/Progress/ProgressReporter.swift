import JSON
import JSONRPC
import MCP
import Threading

/// Notifies the client of the progress of a call (server/utilities/progress in the legacy revisions,
/// basic/patterns/progress in 2026-07-28).
///
/// The progress value is the number of seconds since the call arrived, because the total amount of work is unknown.
struct ProgressReporter: Sendable {
    /// Four notifications a second are enough for people, and a light load for hosts.
    private static let interval = Duration.milliseconds(250)
    /// Hosts stop waiting for a call after a minute without a notification.
    private static let silence = Duration.seconds(5)

    private let token: JSON
    private let hasMessages: Bool
    private let notifier: RequestNotifier
    private let start = ContinuousClock.now

    /// - Returns: `nil` if the client didn't ask for progress.
    init?(_ context: RequestContext, _ notifier: RequestNotifier) {
        guard let token = context.progressToken else { return nil }
        self.token = token
        hasMessages = context.revision.hasProgressMessages
        self.notifier = notifier
    }

    /// Runs `work` and forwards the progress that it reports: only the newest line if several arrive at once, and a
    /// sign of life from time to time during silence.
    func reporting<Value: Sendable>(_ work: (Progress) async throws -> Value) async rethrows -> Value {
        let news = Locked(ProgressNews())
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await send(news, at: wakes, wake) }
            return try await work(
                Progress { line in
                    news.withLock { $0.add(line) }
                    wake.yield()
                })
        }
    }

    private func send(
        _ news: Locked<ProgressNews>, at wakes: AsyncStream<Void>, _ wake: AsyncStream<Void>.Continuation
    ) async {
        let lastSent = Locked(ContinuousClock.now)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: Self.silence)) != nil {
                    guard lastSent.withLock({ $0 }).duration(to: .now) >= Self.silence / 2 else { continue }
                    news.withLock { $0.noteSilence() }
                    wake.yield()
                }
            }
            var previous = 0
            for await _ in wakes {
                let seconds = start.duration(to: .now).components.seconds
                guard let text = news.withLock({ $0.take(afterRunningFor: seconds) }) else { continue }
                previous = max(previous + 1, milliseconds)
                notify(previous, text)
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
        notifier.notify(Notification(method: "notifications/progress", params: params))
    }
}
