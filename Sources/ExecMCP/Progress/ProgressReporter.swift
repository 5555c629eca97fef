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

    /// Progress that hasn't been sent yet.
    private struct News: Sendable {
        /// A line from the work that hasn't been sent.
        var line: String?
        /// Whether a sign of life is due after a long silence. It never replaces a line.
        var isSilent = false
        /// The newest line, sent or not; empty if there was none.
        var newest = ""
    }

    /// Runs `work` and forwards the progress that it reports: only the newest line if several arrive at once, and a
    /// sign of life from time to time during silence.
    func reporting<Value: Sendable>(_ work: (Progress) async throws -> Value) async rethrows -> Value {
        let news = Locked(News())
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await send(news, at: wakes, wake) }
            return try await work(
                Progress { line in
                    news.withLock { ($0.line, $0.newest) = (line, line) }
                    wake.yield()
                })
        }
    }

    private func send(
        _ news: Locked<News>, at wakes: AsyncStream<Void>, _ wake: AsyncStream<Void>.Continuation
    ) async {
        let lastSent = Locked(ContinuousClock.now)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: Self.silence)) != nil {
                    guard lastSent.withLock({ $0 }).duration(to: .now) >= Self.silence / 2 else { continue }
                    news.withLock { $0.isSilent = true }
                    wake.yield()
                }
            }
            var previous = 0
            for await _ in wakes {
                guard let text = news.withLock(takeText) else { continue }
                previous = max(previous + 1, milliseconds)
                notify(previous, text)
                lastSent.withLock { $0 = .now }
                if (try? await Task.sleep(for: Self.interval)) == nil { break }
            }
            group.cancelAll()
        }
    }

    private func takeText(_ news: inout News) -> String? {
        defer { (news.line, news.isSilent) = (nil, false) }
        if let line = news.line { return line }
        guard news.isSilent else { return nil }
        let seconds = start.duration(to: .now).components.seconds
        return "Running for \(seconds) s" + (news.newest.isEmpty ? "" : ": \(news.newest)")
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
