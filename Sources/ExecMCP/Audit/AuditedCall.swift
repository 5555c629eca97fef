import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// A call that owes the audit log a line. It gets exactly one, whatever path it takes: if no outcome was recorded, the
/// line says that the call was not run.
final class AuditedCall: Sendable {
    private let log: AuditLog?
    private let entry: AuditEntry
    private let start = ContinuousClock.now
    /// Computed in parallel with the call: hashing a file of 32 MiB takes a while.
    private let arguments: Task<AuditArguments, Never>?
    private let isEnded = Locked(false)
    private let filter: PrivateDataFilter?
    private let user: UserID?

    /// - Parameters:
    ///   - log: the log that receives the line; with `nil`, nothing is recorded.
    ///   - tool: the name of the tool or method; `nil` if the request has none.
    ///   - arguments: the arguments as received.
    ///   - user: `nil` if the request names an invalid user.
    ///   - filter: replaces private data in what is recorded; `nil` for none.
    init(
        in log: AuditLog?, of tool: String?, _ arguments: JSON?, by user: UserID?, _ context: RequestContext,
        hiding filter: PrivateDataFilter? = nil
    ) {
        self.log = log
        self.filter = filter
        self.user = user
        // A name may be anything.
        let name = log == nil ? tool : tool.map { Self.shown($0, of: user, filter) }
        entry = AuditEntry(user: user, tool: name, traceID: log == nil ? nil : context.traceID)
        self.arguments =
            log == nil
            ? nil
            : Task {
                guard let filter, let arguments else { return AuditArguments(arguments) }
                return AuditArguments(filter.recorded(arguments, of: user))
            }
        log?.begin()
    }

    deinit {
        end(AuditOutcome(error: "The request was refused before it ran."))
    }

    /// Runs checks that may reject the call, and records the rejection if they do.
    func recordingRefusal<Value>(_ body: () throws(RPCError) -> Value) throws(RPCError) -> Value {
        do throws(RPCError) {
            return try body()
        } catch {
            end(AuditOutcome(error: log == nil ? error.message : Self.shown(error.message, of: user, filter)))
            throw error
        }
    }

    private static func shown(_ text: String, of user: UserID?, _ filter: PrivateDataFilter?) -> String {
        filter?.recorded(.string(text), of: user).stringValue ?? text
    }

    /// Records the outcome of the call, or a cancellation if the task is cancelled. Returns when the line is written.
    ///
    /// - Parameter taskID: the ID of the task that the call became; `nil` if it is answered directly.
    func record(_ outcome: AuditOutcome, asTask taskID: String?) async {
        await claim(Task.isCancelled ? outcome.cancelled : outcome, taskID)?()
    }

    /// Records a call that ends before it runs. The line may be written after the answer is sent.
    private func end(_ outcome: AuditOutcome) {
        guard let write = claim(outcome, nil) else { return }
        Task { await write() }
    }

    /// Returns a closure that writes the line; `nil` if the line was written already or there is no log. The closure
    /// doesn't keep this object alive.
    private func claim(_ outcome: AuditOutcome, _ taskID: String?) -> (@Sendable () async -> Void)? {
        let isFirst = isEnded.withLock { isEnded in
            defer { isEnded = true }
            return !isEnded
        }
        guard isFirst, let log, let arguments else { return nil }
        let duration = start.duration(to: .now)
        return { [entry] in
            log.end(entry.line(await arguments.value, outcome, taskID: taskID, duration: duration))
        }
    }
}
