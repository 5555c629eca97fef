import MCP
import MCPClient
import Threading

/// Caches the offered tools of one server until the server reports a change or is restarted.
final class ServerTools: Sendable {
    private struct State {
        var tools: [Tool] = []
        /// The version that the cache is valid for; `nil` before the first fetch.
        var version: [Int]?
        /// Configured names without a tool that have already been reported.
        var missed: Set<String> = []
    }

    let server: ToolServer
    private let state = Locked(State())
    private let onNotice: @Sendable (ServerNotice) -> Void

    /// - Parameter onNotice: called with the tools that the configuration names but the server doesn't have.
    init(of server: ToolServer, onNotice: @escaping @Sendable (ServerNotice) -> Void) {
        self.server = server
        self.onNotice = onNotice
    }

    /// The tools as last fetched.
    var lastKnown: [Tool] { state.withLock { $0.tools } }

    /// Returns the current tools, from the cache if it is valid.
    ///
    /// - Throws: ``SupervisionError``.
    func current() async throws(SupervisionError) -> [Tool] {
        let kept = state.withLock { $0.version == server.version.of("tools") ? $0.tools : nil }
        if let kept { return kept }
        let (all, version) = try await server.use(again: true) { (client) throws(MCPClientError) in
            // Read before fetching: a change in the meantime invalidates the result at once.
            let version = self.server.version.of("tools")
            return (try await client.listTools(), version)
        }
        let tools = all.filter { server.tools.allows($0.name, of: server.name) }
        let unknown = server.tools.unknown(among: all.map(\.name), of: server.name)
        let missed = state.withLock { state in
            let known = state.missed
            state = State(tools: tools, version: version, missed: known.union(unknown))
            return unknown.filter { !known.contains($0) }
        }
        if !missed.isEmpty { onNotice(.unknownTools(server: server.name, names: missed)) }
        return tools
    }
}
