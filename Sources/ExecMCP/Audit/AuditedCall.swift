import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// One call on its way to its line in the audit log. Whatever way the call goes, it gets exactly one: where nothing else
/// was recorded of it, the line says that it was not run.
final class AuditedCall: Sendable {
    private let log: AuditLog?
    private let entry: AuditEntry
    private let begun = ContinuousClock.now
    /// Made beside the call: a file of 32 MiB takes a while to hash.
    private let arguments: Task<AuditArguments, Never>?
    private let isEnded = Locked(false)

    /// - Parameters:
    ///   - log: where the line goes; with `nil` nothing is recorded.
    ///   - tool: the tool's name, or the method's; `nil` where the request has none.
    ///   - arguments: as they came.
    ///   - user: `nil` where the request names somebody who cannot be.
    init(in log: AuditLog?, of tool: String?, _ arguments: JSON?, by user: UserID?, _ context: RequestContext) {
        self.log = log
        entry = AuditEntry(user: user, tool: tool, traceID: log == nil ? nil : context.traceID)
        self.arguments = log == nil ? nil : Task { AuditArguments(arguments) }
        log?.begin()
    }

    deinit {
        end(AuditOutcome(error: "The request was refused before it ran."))
    }

    /// Runs what may refuse the call, and records if it does.
    func recordingRefusal<Value>(_ body: () throws(RPCError) -> Value) throws(RPCError) -> Value {
        do throws(RPCError) {
            return try body()
        } catch {
            end(AuditOutcome(error: error.message))
            throw error
        }
    }

    /// Records what came of the call, or that it was cancelled if the task is. Returns when the line is written.
    ///
    /// - Parameter taskID: the task that the call became; `nil` if it is answered directly.
    func record(_ outcome: AuditOutcome, asTask taskID: String?) async {
        await claim(Task.isCancelled ? outcome.cancelled : outcome, taskID)?()
    }

    /// Records a call that ends before it runs. The line may come after the answer.
    private func end(_ outcome: AuditOutcome) {
        guard let write = claim(outcome, nil) else { return }
        Task { await write() }
    }

    /// What writes the line; `nil` where it has been written or there is no log. It does not need this object any more.
    private func claim(_ outcome: AuditOutcome, _ taskID: String?) -> (@Sendable () async -> Void)? {
        let isFirst = isEnded.withLock { isEnded in
            defer { isEnded = true }
            return !isEnded
        }
        guard isFirst, let log, let arguments else { return nil }
        let duration = begun.duration(to: .now)
        return { [entry] in
            log.end(entry.line(await arguments.value, outcome, taskID: taskID, duration: duration))
        }
    }
}
