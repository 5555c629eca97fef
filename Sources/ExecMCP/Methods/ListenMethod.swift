import ExecCore
import JSON
import JSONRPC
import MCP

/// `subscriptions/listen`: a request that stays open and delivers notifications (2026-07-28,
/// basic/patterns/subscriptions).
struct ListenMethod: Method {
    let name = "subscriptions/listen"
    let era = MethodEra.modern
    let subscriptions: Subscriptions
    let defaultUser: DefaultUser
    let tasks: TaskStore

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        guard let wanted = request["notifications"]?.objectValue else {
            throw .invalidParams("subscriptions/listen needs notifications, an object that says what to receive.")
        }
        let user = try context.user(default: defaultUser)
        let filter = try filter(wanted, user, context)
        // Keeps only the filter: the request stays open for as long as the client wants, and would hold its share of
        // the request memory all that time.
        return .deferred(holding: 0) { [subscriptions, revision = context.revision] notifier in
            try await subscriptions.serve(ListenStream(filter, user: user, notifier: notifier))
            let result: JSONObject = ["_meta": [MetaKey.subscriptionID: notifier.id.json]]
            return result.asResult(for: revision, from: ServerIdentity.implementation)
        }
    }

    /// Returns the supported part of the requested filter. The tools never change, so `toolsListChanged` is ignored.
    private func filter(
        _ wanted: JSONObject, _ user: UserID, _ context: RequestContext
    ) throws(RPCError) -> ListenStream.Filter {
        var filter = ListenStream.Filter()
        filter.resourceList = try flag("resourcesListChanged", wanted)
        filter.promptList = try flag("promptsListChanged", wanted)
        _ = try flag("toolsListChanged", wanted)
        for uri in try strings("resourceSubscriptions", wanted) {
            if let resource = ResourceURI(uri) { filter.resources[resource] = uri }
        }
        guard filter.resources.values.reduce(0, { $0 + $1.utf8.count }) <= Subscriptions.maxSubjectBytes else {
            throw .invalidParams(
                "notifications.resourceSubscriptions may have at most \(Subscriptions.maxSubjectBytes) bytes.")
        }
        let taskIDs = try strings("taskIds", wanted)
        if !taskIDs.isEmpty {
            try context.require(extension: ExtensionID.tasks)
            filter.tasks = Set(taskIDs.filter { tasks.state(of: $0, user: user) != nil })
        }
        return filter
    }

    private func flag(_ name: String, _ wanted: JSONObject) throws(RPCError) -> Bool {
        switch wanted.given(name) {
        case nil: return false
        case .bool(let value): return value
        case .some(let other):
            throw .invalidParams("notifications.\(name) must be true or false, not \(other.kindDescription).")
        }
    }

    private func strings(_ name: String, _ wanted: JSONObject) throws(RPCError) -> [String] {
        guard let value = wanted.given(name) else { return [] }
        guard let elements = value.arrayValue, elements.count <= Subscriptions.maxSubjects else {
            throw .invalidParams(
                "notifications.\(name) must be an array of at most \(Subscriptions.maxSubjects) strings.")
        }
        let strings = elements.compactMap(\.stringValue)
        guard strings.count == elements.count else {
            throw .invalidParams("notifications.\(name) must be an array of strings.")
        }
        return strings
    }
}

extension RequestContext {
    /// - Throws: -32021 if the client did not declare `extension` on this request (2026-07-28, basic/index).
    func require(extension identifier: String) throws(RPCError) {
        guard declares(extension: identifier) else {
            throw RPCError(
                code: -32021, message: "This needs the client capability \(identifier), declared on the request.",
                data: ["requiredCapabilities": ["extensions": [identifier: [:]]]])
        }
    }
}
