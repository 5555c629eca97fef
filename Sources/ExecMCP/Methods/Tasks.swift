import ExecCore
import JSON
import JSONRPC
import MCP

/// `tasks/get`, `tasks/update` and `tasks/cancel` (`io.modelcontextprotocol/tasks`).
struct TaskMethod: Method {
    enum Kind: String, CaseIterable {
        case get, update, cancel
    }

    let era = MethodEra.modern
    let kind: Kind
    let tasks: TaskStore
    let user: UserOfRequest

    var name: String { "tasks/\(kind.rawValue)" }

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try context.require(extension: ExtensionID.tasks)
        guard let id = request["taskId"]?.stringValue else {
            throw .invalidParams("\(name) needs taskId, a string.")
        }
        let user = try user(context)
        guard let state = tasks.state(of: id, user: user) else {
            throw .invalidParams("There is no task \(id.prefix(100)). Tasks end with the server.")
        }
        switch kind {
        case .get:
            return .immediate(state.asResult(for: context.revision, from: ServerIdentity.implementation))
        case .update:
            // No task here ever asks for input, so there is nothing that the responses could answer.
            guard request["inputResponses"]?.objectValue != nil else {
                throw .invalidParams("tasks/update needs inputResponses, an object.")
            }
        case .cancel:
            _ = tasks.cancel(id, user: user)
        }
        return .immediate(JSONObject().asResult(for: context.revision, from: ServerIdentity.implementation))
    }
}
