import JSON
import JSONRPC
import MCP

/// `resources/list`: returns the skill files, and the artifacts of the request's user.
struct ListResourcesMethod: Method {
    static let pageSize = 100

    let name = "resources/list"
    let catalog: ResourceCatalog
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let user = try context.user(default: defaultUser)
        return .deferred { _ in
            let last = try Page<Resource>.keyBefore(request["cursor"], of: name)
            // One more than a page, to detect whether another page follows.
            let resources = await catalog.resources(of: user, after: last, atMost: Self.pageSize + 1)
            let page = try Page(
                of: name, resources, key: \.uri, cursor: request["cursor"], size: Self.pageSize)
            let result = page.members("resources") { $0.json(for: context.revision) }
            return result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .dynamic)
        }
    }
}

/// `resources/templates/list`: returns always the same two templates, on a single page.
struct ListResourceTemplatesMethod: Method {
    let name = "resources/templates/list"

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try request.refuseCursor()
        let result: JSONObject = [
            "resourceTemplates": .array(ResourceCatalog.templates.map { $0.json(for: context.revision) })
        ]
        return .immediate(result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .fixed))
    }
}
