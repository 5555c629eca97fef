import MCP
import MCPClient
import Threading

/// The tools of one server, kept until the server says that they have changed or is started again.
final class ServerTools: Sendable {
    private struct State {
        var tools: [Tool] = []
        /// What they hold for; `nil` before the first time.
        var version: [Int]?
    }

    let server: ToolServer
    private let state = Locked(State())

    init(of server: ToolServer) {
        self.server = server
    }

    /// The tools as they were when they were last fetched.
    var lastKnown: [Tool] { state.withLock { $0.tools } }

    /// The tools as they are.
    ///
    /// - Throws: ``ToolServerFailure``.
    func current() async throws(ToolServerFailure) -> [Tool] {
        let kept = state.withLock { $0.version == server.version.of("tools") ? $0.tools : nil }
        if let kept { return kept }
        let (tools, version) = try await server.use(again: true) { (client) throws(MCPClientError) in
            // Taken before they are fetched: what changes meanwhile makes them old at once.
            let version = self.server.version.of("tools")
            return (try await client.listTools(), version)
        }
        state.withLock { $0 = State(tools: tools, version: version) }
        return tools
    }
}
