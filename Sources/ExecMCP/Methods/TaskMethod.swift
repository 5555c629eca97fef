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
    let defaultUser: DefaultUser

    var name: String { "tasks/\(kind.rawValue)" }

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try context.require(extension: ExtensionID.tasks)
        guard let id = request["taskId"]?.stringValue else {
            throw .invalidParams("\(name) needs taskId, a string.")
        }
        let user = try context.user(default: defaultUser)
        guard let state = tasks.state(of: id, user: user) else {
            throw .invalidParams("Unknown task \(id.prefix(100)). Tasks end with the server.")
        }
        switch kind {
        case .get:
            return .immediate(state.asResult(for: context.revision, from: ServerIdentity.implementation))
        case .update:
            guard let responses = try request.params.object("inputResponses") else {
                throw .invalidParams("tasks/update needs inputResponses, an object.")
            }
            tasks.receive(responses, for: id, user: user)
        case .cancel:
            _ = tasks.cancel(id, user: user)
        }
        return .immediate(JSONObject().asResult(for: context.revision, from: ServerIdentity.implementation))
    }
}
