import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import MCPServersTestSupport
import TestSupport
import Threading

@testable import MCPServers

/// Small servers in Python under supervision, and what is heard of them.
struct Fixture {
    let time = FakeTime()
    let notices = Recorder<ServerNotice>()
    /// What the servers say to standard error.
    let said = Recorder<String>()
    /// Who answers the servers' questions.
    var elicitation: (any ElicitationHandler)?

    /// Runs `body` with one server, and ends it.
    func withServer(_ entry: ToolServerEntry, _ body: (ToolServer) async throws -> Void) async throws {
        let server = server(entry)
        try await closing(with: server.close) { try await body(server) }
    }

    /// Runs `body` with all servers of `entries` together, and ends them.
    func withGroup(_ entries: [ToolServerEntry], _ body: (ServerGroup) async throws -> Void) async throws {
        let group = ServerGroup(
            entries.map(server), clock: time.clock, startSeconds: 150, onNotice: notices.record)
        try await closing(with: group.close) { try await body(group) }
    }

    private func server(_ entry: ToolServerEntry) -> ToolServer {
        ignoreBrokenPipes()
        return ToolServer(
            entry, as: ClientIdentity(name: "test", version: "0"),
            environment: ["PATH": "/usr/bin:/bin"].merging(entry.environment) { $1 }, limits: .patient,
            clock: time.clock, elicitation: elicitation, onNotice: notices.record, onErrorLine: said.record)
    }
}
