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
    let defaultUser: DefaultUser
    let tasks: TaskStore
    let questions: ClientQuestions
    let suspended: SuspendedCalls
    let audit: AuditLog?
    let logger: Logger

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let isRepeated = context.revision.isModern && request["requestState"] != nil
        // The call has its line in the audit log, or will have it.
        if isRepeated, let reply = try? resumption(of: request, context) { return reply }
        let audit = AuditedCall(
            in: audit, of: request["name"]?.stringValue, request["arguments"],
            by: try? context.user(default: defaultUser),
            context, hiding: pipeline.privateData)
        return try audit.recordingRefusal { () throws(RPCError) in
            try isRepeated ? resumption(of: request, context) : answer(request, context, audit)
        }
    }

    /// Resumes the call to whose questions the request has answers.
    private func resumption(of request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let identity = CallIdentity(
            user: try context.user(default: defaultUser), tool: try tool(of: request).description.name,
            arguments: try arguments(of: request))
        return try suspended.resume(request, identity, context)
    }

    private func answer(
        _ request: Request, _ context: RequestContext, _ audit: AuditedCall
    ) throws(RPCError) -> MethodReply {
        let tool = try tool(of: request)
        let user = try context.user(default: defaultUser)
        let arguments = try arguments(of: request)
        func call(_ work: @escaping ToolCall.Work) -> ToolCall {
            ToolCall(name: tool.description.name, user: user, context: context, audit: audit, work: work)
        }
        let accepted: ToolCall
        do throws(ToolArguments.MismatchError) {
            let restored = try pipeline.privateData?.restored(arguments, for: user) ?? arguments
            accepted = call(try runner.work(of: tool, restored, for: user))
        } catch {
            guard error.isOfValue || context.revision.reportsBadArgumentsAsResult else {
                throw .invalidParams(error.message)
            }
            var refused = call { [message = error.message] _, _ in .tool(.failure(message)) }
            refused.quotesTokens = error.quotesTokens
            return .deferred(holding: 0) { [refused] _ in try await pipeline.answer(to: refused).get() }
        }
        logger.debug("\(accepted.name) for \(user)" + (context.traceID.map { ", trace \($0)" } ?? ""))
        if tool.canBecomeTask, context.declares(extension: ExtensionID.tasks) {
            return .immediate(try task(of: accepted, canAsk: tool.canAsk && !context.elicitation.isEmpty))
        }
        let size = tool.size(of: arguments)
        if tool.canAsk, context.revision.isModern, !context.elicitation.isEmpty {
            return .deferred(holding: size) { [suspended, pipeline] notifier in
                let identity = CallIdentity(user: user, tool: accepted.name, arguments: arguments)
                return try await suspended.answer(to: accepted, identity, size: size, notifier) {
                    await pipeline.answer(to: $0)
                }
            }
        }
        let questioned = QuestionedUser(
            id: user, isNamed: context.meta.given(RequestContext.userKey) != nil,
            isDefault: user == defaultUser.current())
        let interaction = tool.canAsk ? questions.interaction(for: context, of: questioned) : nil
        return .deferred(holding: size) { notifier in
            try await pipeline.answer(to: accepted.observed(by: notifier).asking(interaction)).get()
        }
    }

    /// Turns a call into a task.
    ///
    /// - Returns: the answer to the request, which names the task.
    private func task(of call: ToolCall, canAsk: Bool) throws(RPCError) -> JSONObject {
        let id = TaskStore.makeID()
        let questions = canAsk ? OpenQuestions(for: call.context) : nil
        let task = try tasks.start(for: call.user, id: id, asking: questions) { progress in
            await pipeline.answer(to: call.asTask(id, progress).asking(questions))
        }
        return task.asResult(for: call.context.revision, from: ServerIdentity.implementation, type: "task")
    }

    private func tool(of request: Request) throws(RPCError) -> any SandboxTool {
        guard let name = request["name"]?.stringValue else {
            throw .invalidParams("tools/call needs name, a string.")
        }
        guard let tool = tools.tool(named: name) else {
            throw .invalidParams(
                "Unknown tool \(name.prefix(100)). The tools are: \(tools.names.joined(separator: ", ")).")
        }
        return tool
    }

    private func arguments(of request: Request) throws(RPCError) -> JSONObject {
        // Every tool needs arguments, so an empty array can't stand for an empty object as PHP encodes it.
        if case .array? = request["arguments"] { throw .invalidParams("arguments must be an object, not an array.") }
        return try request.params.object("arguments") ?? JSONObject()
    }
}
