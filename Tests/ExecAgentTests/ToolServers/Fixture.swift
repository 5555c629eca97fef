import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import MCPServers
import MCPServersTestSupport
import TestSupport
import Threading

@testable import ExecAgent

/// Small servers in Python under supervision, and what is heard of them.
struct Fixture {
    let time = FakeTime()
    let log = Recorder<String>()
    /// What the servers say to standard error.
    let said = Recorder<String>()

    /// Runs `body` with all servers of `entries`, and ends them.
    ///
    /// - Parameter startSeconds: how long others wait for a server; as a rule longer than a busy machine takes.
    func withServers(
        _ entries: [ToolServerEntry], bridge: ToolServers.Bridge? = nil, startSeconds: Double = 150,
        _ body: (ToolServers) async throws -> Void
    ) async throws {
        ignoreBrokenPipes()
        let servers = ToolServers(
            entries, bridge: bridge, environment: ["PATH": "/usr/bin:/bin"], limits: .patient, clock: time.clock,
            startSeconds: startSeconds, onErrorLine: { [said] in said.record($1) }, log: log.record)
        try await closing(with: servers.close) { try await body(servers) }
    }
}
