import ExecCore
import JSON
import JSONRPC
import MCP

/// `tools/call`: runs a tool in the sandbox of the user whom the request names.
struct CallToolMethod: Method {
    /// The key of `_meta` by which a host that serves several people over one pipe says whose sandbox is meant.
    static let userKey = "x-user-id"

    let name = "tools/call"
    let tools: ToolCatalog
    let pool: SandboxPool
    let defaultUser: UserID
    let logger: Logger

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> Answer {
        guard let name = request.params["name"]?.stringValue else {
            throw .invalidParams("tools/call needs name, a string.")
        }
        guard let tool = tools.tool(named: name) else {
            throw .invalidParams(
                "There is no tool \(name.prefix(100)). There are: \(tools.names.joined(separator: ", ")).")
        }
        let user = try user(of: context)
        let arguments = try arguments(of: request)
        let work: @Sendable (Sandbox) async throws -> ToolResult
        do throws(ToolArguments.Mismatch) {
            work = try tool.prepare(arguments)
        } catch {
            guard context.revision.reportsBadArgumentsAsResult else { throw .invalidParams(error.message) }
            return .now(result(.failure(error.message), context))
        }
        return .later { [pool, logger] in
            do {
                return result(try await pool.withSandbox(of: user, work), context)
            } catch {
                logger.debug("\(name) for \(user): \(error)")
                return result(.failure("\(error)"), context)
            }
        }
    }

    private func user(of context: RequestContext) throws(RPCError) -> UserID {
        guard let value = context.meta[Self.userKey] else { return defaultUser }
        guard let user = value.stringValue.flatMap(UserID.init) else {
            throw .invalidParams("_meta[\"\(Self.userKey)\"] must be a string that matches \(UserID.pattern).")
        }
        return user
    }

    private func arguments(of request: Request) throws(RPCError) -> JSONObject {
        switch request.params["arguments"] {
        case nil: return JSONObject()
        case .object(let arguments): return arguments
        case .some(let other):
            throw .invalidParams("arguments must be an object, not \(other.kindDescription).")
        }
    }

    private func result(_ result: ToolResult, _ context: RequestContext) -> JSONObject {
        result.members(for: context.revision).asResult(
            for: context.revision, from: ServerIdentity.implementation)
    }
}
