import JSON
import JSONRPC
import MCP

/// `resources/directory/read`: returns the direct children of a directory of a skill (`io.modelcontextprotocol/skills`,
/// Directory Listing).
struct ReadDirectoryMethod: Method {
    let name = "resources/directory/read"
    let era = MethodEra.modern
    let skills: SkillLibrary

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let uri = try request.uri()
        return .deferred { _ in
            guard case .skill(let skill, let path) = ResourceURI(uri),
                let children = skills.children(of: skill, path: path)
            else {
                throw RPCError.resourceNotFound(uri, "There is no directory \(uri.prefix(300)).", context.revision)
            }
            let page = try Page(
                of: "\(name) \(uri)", children, key: \.uri, cursor: request["cursor"],
                size: ListResourcesMethod.pageSize)
            let result = page.members("resources") { $0.json(for: context.revision) }
            return result.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
