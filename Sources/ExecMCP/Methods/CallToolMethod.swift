import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCP

/// `tools/call`: finds the tool, checks its arguments, and decides whether the call is answered directly or as a task.
/// The pipeline does the rest.
struct CallToolMethod: Method {
    let name = "tools/call"
    let tools: ToolCatalog
    let runner: ToolRunner
    let pipeline: CallPipeline
    let user: UserOfRequest
    let tasks: TaskStore
    let audit: AuditLog?
    let logger: Logger

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let audit = AuditedCall(
            in: audit, of: request["name"]?.stringValue, request["arguments"], by: try? user(context),
            context)
        return try audit.recordingRefusal { () throws(RPCError) in try answer(request, context, audit) }
    }

    private func answer(
        _ request: Request, _ context: RequestContext, _ audit: AuditedCall
    ) throws(RPCError) -> MethodReply {
        let tool = try tool(of: request)
        let user = try user(context)
        let arguments = try arguments(of: request)
        func call(_ work: @escaping ToolCall.Work) -> ToolCall {
            ToolCall(name: tool.description.name, user: user, context: context, audit: audit, work: work)
        }
        let accepted: ToolCall
        do throws(ToolArguments.Mismatch) {
            accepted = call(try runner.work(of: tool, arguments, for: user))
        } catch {
            guard error.isOfValue || context.revision.reportsBadArgumentsAsResult else {
                throw .invalidParams(error.message)
            }
            let refused = call { [message = error.message] _ in .tool(.failure(message)) }
            return .deferred(holding: 0) { _ in try await pipeline.answer(to: refused).get() }
        }
        logger.debug("\(accepted.name) for \(user)" + (context.traceID.map { ", trace \($0)" } ?? ""))
        if tool.canBecomeTask, context.declares(extension: ExtensionID.tasks) {
            return .immediate(try task(of: accepted))
        }
        return .deferred(holding: tool.size(of: arguments)) { notifier in
            try await pipeline.answer(to: accepted.heard(by: notifier)).get()
        }
    }

    /// Turns a call into a task.
    ///
    /// - Returns: the answer to the request, which names the task.
    private func task(of call: ToolCall) throws(RPCError) -> JSONObject {
        let id = TaskStore.makeID()
        let task = try tasks.start(for: call.user, id: id) { progress in
            await pipeline.answer(to: call.asTask(id, progress))
        }
        return task.asResult(for: call.context.revision, from: ServerIdentity.implementation, type: "task")
    }

    private func tool(of request: Request) throws(RPCError) -> any SandboxTool {
        guard let name = request["name"]?.stringValue else {
            throw .invalidParams("tools/call needs name, a string.")
        }
        guard let tool = tools.tool(named: name) else {
            throw .invalidParams(
                "There is no tool \(name.prefix(100)). There are: \(tools.names.joined(separator: ", ")).")
        }
        return tool
    }

    private func arguments(of request: Request) throws(RPCError) -> JSONObject {
        // Every tool needs arguments, so an empty array can't stand for an empty object as PHP encodes it.
        if case .array? = request["arguments"] { throw .invalidParams("arguments must be an object, not an array.") }
        return try request.params.object("arguments") ?? JSONObject()
    }
}
