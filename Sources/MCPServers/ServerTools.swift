import MCP
import MCPClient
import Threading

/// The tools of one server that are to be offered, kept until the server says that they have changed or is started again.
final class ServerTools: Sendable {
    private struct State {
        var tools: [Tool] = []
        /// What they hold for; `nil` before the first time.
        var version: [Int]?
        /// Names of tools of which it was said that there are none.
        var missed: Set<String> = []
    }

    let server: ToolServer
    private let state = Locked(State())
    private let onNotice: @Sendable (ServerNotice) -> Void

    /// - Parameter onNotice: told which tools the configuration names that the server does not have.
    init(of server: ToolServer, onNotice: @escaping @Sendable (ServerNotice) -> Void) {
        self.server = server
        self.onNotice = onNotice
    }

    /// The tools as they were when they were last fetched.
    var lastKnown: [Tool] { state.withLock { $0.tools } }

    /// The tools as they are.
    ///
    /// - Throws: ``SupervisionError``.
    func current() async throws(SupervisionError) -> [Tool] {
        let kept = state.withLock { $0.version == server.version.of("tools") ? $0.tools : nil }
        if let kept { return kept }
        let (all, version) = try await server.use(again: true) { (client) throws(MCPClientError) in
            // Taken before they are fetched: what changes meanwhile makes them old at once.
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
