import JSON
import JSONRPC
import MCP
import Threading

/// Listens for list changes of a modern server, which reports them only on a stream that the client requests
/// (2026-07-28, basic/patterns/subscriptions). Messages on the stream are handled like any notification.
struct ChangeListener {
    private static let filters = [
        "tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged",
    ]

    private let connection: Connection
    private let lists: [String]
    private let meta: JSONObject
    private let handlers: ServerHandlers
    private let limits: ClientLimits

    /// - Returns: `nil` if there is nothing to listen for.
    init?(
        server: ServerDescription, connection: Connection, meta: JSONObject, handlers: ServerHandlers,
        limits: ClientLimits
    ) {
        lists = Self.filters.keys.sorted().filter { server.announcesChanges(to: $0) }
        guard server.revision.isModern, !lists.isEmpty else { return nil }
        self.connection = connection
        self.meta = meta
        self.handlers = handlers
        self.limits = limits
    }

    /// Listens until the task is cancelled, the server ends or it refuses.
    func listen() async {
        var wanted = JSONObject()
        for list in lists { if let filter = Self.filters[list] { wanted[filter] = true } }
        let params: JSONObject = ["notifications": .object(wanted), "_meta": .object(meta)]
        var delay = ReopeningDelay(limits.reopeningSeconds)
        var isFirst = true
        while true {
            let start = ContinuousClock.now
            let isAcknowledged = Locked(false)
            let isReopened = !isFirst
            // Whether there was a stream, even if the server hasn't acknowledged it.
            var wasOpen = false
            let call = Connection.Call(
                timeLimit: nil,
                onAcknowledged: { [self] in
                    isAcknowledged.withLock { $0 = true }
                    if isReopened { reportChanges() }
                })
            do {
                let reply = try await connection.sendRequest("subscriptions/listen", params, call)
                if case .failure(let error) = reply.outcome {
                    return connection.remark("it does not report changes: \(error.message.beginning(300))")
                }
                wasOpen = true
            } catch MCPClientError.unavailable {
                // A connection of its own has broken off; the server may be back later.
            } catch {
                return
            }
            isFirst = false
            guard (try? await Task.sleep(for: delay.next(after: ContinuousClock.now - start))) != nil else { return }
            if wasOpen, !isAcknowledged.withLock({ $0 }) { reportChanges() }
        }
    }

    /// Reports that every list has changed: changes made while there was no stream were not reported.
    private func reportChanges() {
        lists.forEach { handlers.onNotification("notifications/\($0)/list_changed") }
    }
}
