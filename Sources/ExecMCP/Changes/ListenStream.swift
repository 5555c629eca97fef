import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// An open `subscriptions/listen` request.
final class ListenStream: Sendable {
    /// The supported part of the filter that a client requested.
    struct Filter: Sendable {
        var resourceList = false
        var promptList = false
        /// The resources, with the URIs as the client wrote them.
        var resources: [ResourceURI: String] = [:]
        var tasks: Set<String> = []
    }

    private let notifier: RequestNotifier
    private let filter: Filter
    private let user: UserID
    private let ending = AsyncStream<Never>.makeStream()

    init(_ filter: Filter, user: UserID, notifier: RequestNotifier) {
        self.filter = filter
        self.user = user
        self.notifier = notifier
    }

    /// Sends the acknowledgement, with the supported part of the filter.
    func acknowledge() {
        var honoured = JSONObject()
        if filter.resourceList { honoured["resourcesListChanged"] = true }
        if filter.promptList { honoured["promptsListChanged"] = true }
        if !filter.resources.isEmpty {
            honoured["resourceSubscriptions"] = .array(filter.resources.values.sorted().map(JSON.string))
        }
        if !filter.tasks.isEmpty { honoured["taskIds"] = .array(filter.tasks.sorted().map(JSON.string)) }
        send(
            Notification(
                method: "notifications/subscriptions/acknowledged", params: ["notifications": .object(honoured)]))
    }

    /// Sends the notifications about a change that match the filter.
    func notify(_ change: Change) {
        if let owner = change.user, owner != user { return }
        if filter.resourceList, change.changesResourceList { send(Change.resourceListChanged) }
        if filter.promptList, change.changesPrompt { send(Change.promptListChanged) }
        for (resource, uri) in filter.resources
        where change.touches(Subscriptions.Subject(resource: resource, user: user)) {
            send(Change.updated(uri))
        }
        if case .task(_, let id, let state) = change, filter.tasks.contains(id) {
            send(Notification(method: "notifications/tasks", params: state))
        }
    }

    /// Ends the stream in an orderly way.
    func end() { ending.continuation.finish() }

    /// Waits until ``end()`` is called or the task is cancelled.
    func waitForEnd() async {
        for await _ in ending.stream {}
    }

    private func send(_ notification: Notification) {
        var params = notification.params
        var meta = params["_meta"]?.objectValue ?? JSONObject()
        meta[MetaKey.subscriptionID] = notifier.id.json
        params["_meta"] = .object(meta)
        notifier.notify(Notification(method: notification.method, params: params))
    }
}
