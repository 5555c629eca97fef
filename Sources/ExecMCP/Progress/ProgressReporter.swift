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
    private let notifier: RequestNotifier
    private let start = ContinuousClock.now

    /// - Returns: `nil` where the client did not ask for progress.
    init?(_ context: RequestContext, _ notifier: RequestNotifier) {
        guard let token = context.progressToken else { return nil }
        self.token = token
        hasMessages = context.revision.hasProgressMessages
        self.notifier = notifier
    }

    /// What is sent, by who says it.
    private enum Message: Sendable {
        /// A line of the work.
        case line(String)
        /// The reporter's own word in a silence, with the newest line; empty if there was none.
        case signOfLife(after: String)
    }

    /// Runs `work` and passes on what it reports: the newest line if several come at once, and in silence a sign of life
    /// now and then.
    func reporting<Value: Sendable>(_ work: (Progress) async throws -> Value) async rethrows -> Value {
        let (messages, report) = AsyncStream.makeStream(of: Message.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await send(messages, signsOfLife: report) }
            return try await work(Progress { report.yield(.line($0)) })
        }
    }

    private func send(_ messages: AsyncStream<Message>, signsOfLife: AsyncStream<Message>.Continuation) async {
        let newest = Locked("")
        let lastSent = Locked(ContinuousClock.now)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: Self.silence)) != nil {
                    guard lastSent.withLock({ $0 }).duration(to: .now) >= Self.silence / 2 else { continue }
                    signsOfLife.yield(.signOfLife(after: newest.withLock { $0 }))
                }
            }
            var previous = 0
            for await message in messages {
                if case .line(let line) = message { newest.withLock { $0 = line } }
                previous = max(previous + 1, milliseconds)
                notify(previous, text(of: message))
                lastSent.withLock { $0 = .now }
                if (try? await Task.sleep(for: Self.interval)) == nil { break }
            }
            group.cancelAll()
        }
    }

    private func text(of message: Message) -> String {
        switch message {
        case .line(let line): return line
        case .signOfLife(let line):
            let seconds = start.duration(to: .now).components.seconds
            return "Running for \(seconds) s" + (line.isEmpty ? "" : ": \(line)")
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
