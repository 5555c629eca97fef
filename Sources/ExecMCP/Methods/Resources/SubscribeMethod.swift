import JSON
import JSONRPC
import MCP

/// `resources/subscribe` and `resources/unsubscribe` of the legacy revisions (2025-11-25, server/resources). The modern
/// revision replaces them with `subscriptions/listen`.
struct SubscribeMethod: Method {
    enum Direction {
        case subscribe, unsubscribe
    }

    let era = MethodEra.legacy
    let direction: Direction
    let subscriptions: Subscriptions
    let defaultUser: DefaultUser

    var name: String { "resources/\(direction)" }

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let uri = try request.uri()
        let user = try context.user(default: defaultUser)
        guard let resource = ResourceURI(uri) else {
            throw .resourceNotFound(uri, "No resource here can have the URI \(uri.prefix(300)).", context.revision)
        }
        let subscription = Subscriptions.Subject(resource: resource, user: user)
        switch direction {
        case .subscribe: try subscriptions.subscribe(to: subscription, as: uri)
        case .unsubscribe: subscriptions.unsubscribe(from: subscription)
        }
        return .immediate([:])
    }
}
