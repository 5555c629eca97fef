import JSON
import JSONRPC
import MCP

/// Listens for list changes of a modern server, which reports them only on a stream that the client requests
/// (2026-07-28, basic/patterns/subscriptions). Messages on the stream are handled like any notification.
struct ChangeListener {
    private static let filters = [
        "tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged",
    ]
    /// Seconds before a stream that the server ended is reopened: exponential back-off from the first to the longest
    /// delay.
    private static let firstDelay = 1.0
    private static let longestDelay = 60.0

    private let connection: Connection
    private let lists: [String]
    private let meta: JSONObject
    private let handlers: ServerHandlers

    /// - Returns: `nil` if there is nothing to listen for.
    init?(server: ServerDescription, connection: Connection, meta: JSONObject, handlers: ServerHandlers) {
        lists = Self.filters.keys.sorted().filter { server.tellsOfChanges(to: $0) }
        guard server.revision.isModern, !lists.isEmpty else { return nil }
        self.connection = connection
        self.meta = meta
        self.handlers = handlers
    }

    /// Listens until the task is cancelled, the server ends or it refuses.
    func listen() async {
        var wanted = JSONObject()
        for list in lists { if let filter = Self.filters[list] { wanted[filter] = true } }
        let params: JSONObject = ["notifications": .object(wanted), "_meta": .object(meta)]
        var delay = Self.firstDelay
        while true {
            do {
                let reply = try await connection.exchange(
                    "subscriptions/listen", params, Connection.Call(timeLimit: nil))
                if case .failure(let error) = reply.outcome {
                    return connection.remark("it does not tell of changes: \(error.message.beginning(300))")
                }
                try await Task.sleep(for: .seconds(delay))
            } catch {
                return
            }
            delay = min(Self.longestDelay, delay * 2)
            // Changes made while there was no stream were not reported, so assume that every list has changed.
            lists.forEach { handlers.onNotification("notifications/\($0)/list_changed") }
        }
    }
}
