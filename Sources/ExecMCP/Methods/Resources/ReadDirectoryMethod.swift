import JSON
import JSONRPC
import MCP

/// `resources/directory/read`: returns the direct children of a directory of a skill (`io.modelcontextprotocol/skills`,
/// Directory Listing).
struct ReadDirectoryMethod: Method {
    let name = "resources/directory/read"
    let era = MethodEra.modern
    let skills: SkillLibrary
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let uri = try request.uri()
        let user = try context.user(default: defaultUser)
        return .deferred { _ in
            guard case .skill(let skill, let path) = ResourceURI(uri),
                let children = skills.children(of: skill, path: path, for: user)
            else {
                throw RPCError.resourceNotFound(uri, "No such directory: \(uri.prefix(300)).", context.revision)
            }
            let page = try Page(
                of: "\(name) \(uri)", children, key: \.uri, cursor: request["cursor"],
                size: ListResourcesMethod.pageSize)
            let result = page.members("resources") { $0.json(for: context.revision) }
            return result.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
