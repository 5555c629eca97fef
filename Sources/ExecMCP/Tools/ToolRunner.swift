import Diagnostics
import ExecCore
import JSON
import MCP
import Threading

/// Runs tools in the sandboxes of their users.
struct ToolRunner: Sendable {
    let pool: SandboxPool
    let logger: Logger

    /// Returns the work of a call of `tool`.
    ///
    /// - Throws: ``ToolArguments/MismatchError`` for arguments that the tool doesn't accept.
    func work(
        of tool: any SandboxTool, _ arguments: JSONObject, for user: UserID
    ) throws(ToolArguments.MismatchError) -> ToolCall.Work {
        let (name, remark) = (tool.description.name, tool.remark(on: arguments))
        if let remark { logger.debug(remark) }
        let work = try tool.prepare(arguments, telling: pool.losses, to: user)
        return { progress, interaction in
            .tool(await result(of: work, name, user, progress, interaction), remark: remark)
        }
    }

    /// Returns the tool's result. A failure is a result too, so that the model can read the reason.
    private func result(
        of work: SandboxTool.Work, _ name: String, _ user: UserID, _ progress: Progress,
        _ interaction: (any UserInteraction)?
    ) async -> ToolResult {
        do {
            let hasStarted = Locked(false)
            let onStart = progress.report.map { report in
                { @Sendable in
                    hasStarted.withLock { $0 = true }
                    report("Starting the sandbox")
                }
            }
            return try await pool.withSandbox(of: user, onStart: onStart, onNews: progress.report) { sandbox in
                if hasStarted.withLock({ $0 }) { progress.report?("The sandbox is up") }
                return try await work(sandbox, progress, interaction)
            }
        } catch {
            logger.debug("\(name) for \(user): \(error)")
            return .failure("\(error)")
        }
    }
}
