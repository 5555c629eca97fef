import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// `tools/call`: runs a tool in the sandbox of the user whom the request names.
struct CallToolMethod: Method {
    let name = "tools/call"
    let tools: ToolCatalog
    let pool: SandboxPool
    let user: UserOfRequest
    let tasks: TaskStore
    let audit: AuditLog?
    let logger: Logger

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> Answer {
        let call = AuditedCall(
            in: audit, of: request["name"]?.stringValue, request["arguments"], by: try? user(context),
            context)
        return try call.recordingRefusal { () throws(RPCError) in try answer(request, context, call) }
    }

    private func answer(_ request: Request, _ context: RequestContext, _ call: AuditedCall) throws(RPCError) -> Answer {
        guard let name = request["name"]?.stringValue else {
            throw .invalidParams("tools/call needs name, a string.")
        }
        guard let tool = tools.tool(named: name) else {
            throw .invalidParams(
                "There is no tool \(name.prefix(100)). There are: \(tools.names.joined(separator: ", ")).")
        }
        let user = try user(context)
        // Each tool needs some, so an empty array is no empty object that was written as PHP does.
        if case .array? = request["arguments"] { throw .invalidParams("arguments must be an object, not an array.") }
        let arguments = try request.params.object("arguments") ?? JSONObject()
        let remark = tool.remark(on: arguments)
        if let remark { logger.debug(remark) }
        let work: SandboxTool.Work
        do throws(ToolArguments.Mismatch) {
            work = try tool.prepare(arguments, telling: pool.losses, to: user)
        } catch {
            guard error.isOfValue || context.revision.reportsBadArgumentsAsResult else {
                throw .invalidParams(error.message)
            }
            let failure = ToolResult.failure(error.message)
            call.end(AuditOutcome(failure))
            return .now(result(failure, context))
        }
        logger.debug("\(name) for \(user)" + (context.traceID.map { ", trace \($0)" } ?? ""))
        if tool.canBecomeTask, context.declares(extension: ExtensionID.tasks) {
            let id = TaskStore.makeID()
            let task = try tasks.start(for: user, id: id) { progress in
                .success(
                    result(
                        await call.recording(asTask: id) { await outcome(of: work, name, user, progress) }, context,
                        remark))
            }
            return .now(task.asResult(for: context.revision, from: ServerIdentity.implementation, type: "task"))
        }
        return .later(holding: tool.size(of: arguments)) { exchange in
            guard let reporter = ProgressReporter(context, exchange) else {
                return result(await call.recording { await outcome(of: work, name, user, .unheard) }, context, remark)
            }
            return await reporter.reporting { progress in
                result(await call.recording { await outcome(of: work, name, user, progress) }, context, remark)
            }
        }
    }

    /// What the tool returns. That it failed is a result too: the model is to read why.
    private func outcome(
        of work: @escaping SandboxTool.Work, _ name: String, _ user: UserID, _ progress: Progress
    ) async -> ToolResult {
        do {
            let hasStarted = Locked(false)
            let onStart = progress.report.map { report in
                { @Sendable in
                    hasStarted.withLock { $0 = true }
                    report("Starting the sandbox")
                }
            }
            return try await pool.withSandbox(of: user, onStart: onStart) { sandbox in
                if hasStarted.withLock({ $0 }) { progress.report?("The sandbox is up") }
                return try await work(sandbox, progress)
            }
        } catch {
            logger.debug("\(name) for \(user): \(error)")
            return .failure("\(error)")
        }
    }

    private func result(_ result: ToolResult, _ context: RequestContext, _ remark: String? = nil) -> JSONObject {
        result.adding(remark).members(for: context.revision).asResult(
            for: context.revision, from: ServerIdentity.implementation)
    }
}
