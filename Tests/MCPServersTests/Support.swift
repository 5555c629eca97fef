import JSON
import MCP
import MCPClient
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

    /// The entry of a server that does what `script` says.
    static func entry(_ script: String, name: String = "fake") -> ToolServerEntry {
        ToolServerEntry(
            name: name, command: FakeServerScript.interpreter, arguments: FakeServerScript.arguments(script))
    }

    private static var limits: ClientLimits {
        var limits = ClientLimits()
        limits.probeSeconds = 60
        return limits
    }

    /// Runs `body` with one server, and ends it.
    func withServer(_ entry: ToolServerEntry, _ body: (ToolServer) async throws -> Void) async throws {
        let server = server(entry)
        try await ending(server.close) { try await body(server) }
    }

    /// Runs `body` with all servers of `entries` together, and ends them.
    func withGroup(_ entries: [ToolServerEntry], _ body: (ServerGroup) async throws -> Void) async throws {
        let group = ServerGroup(
            entries.map(server), timekeeper: time.timekeeper, startSeconds: 150, onNotice: notices.record)
        try await ending(group.close) { try await body(group) }
    }

    private func server(_ entry: ToolServerEntry) -> ToolServer {
        ignoreBrokenPipes()
        return ToolServer(
            entry, as: ClientIdentity(name: "test", version: "0"),
            environment: ["PATH": "/usr/bin:/bin"].merging(entry.environment) { $1 }, limits: Self.limits,
            timekeeper: time.timekeeper, elicitation: elicitation, onNotice: notices.record, onErrorLine: said.record)
    }

    private func ending(_ close: () async -> Void, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await close()
            throw error
        }
        await close()
    }
}

extension ToolServer {
    /// Calls a tool and takes its text.
    func text(_ tool: String, again: Bool = false) async throws(SupervisionError) -> String {
        try await use(again: again) { (client) throws(MCPClientError) in
            guard case .text(let text)? = try await client.callTool(tool, [:], timeLimit: 60).content.first else {
                throw .malformed("no text")
            }
            return text
        }
    }
}
