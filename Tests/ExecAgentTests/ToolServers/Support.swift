import JSON
import MCP
import MCPClient
import MCPServers
import TestSupport
import Threading

@testable import ExecAgent

/// Small servers in Python under supervision, and what is heard of them.
struct Fixture {
    let time = FakeTime()
    let log = Recorder<String>()
    /// What the servers say to standard error.
    let said = Recorder<String>()

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

    /// Runs `body` with all servers of `entries`, and ends them.
    ///
    /// - Parameter startSeconds: how long others wait for a server; as a rule longer than a busy machine takes.
    func withServers(
        _ entries: [ToolServerEntry], startSeconds: Double = 150, _ body: (ToolServers) async throws -> Void
    ) async throws {
        ignoreBrokenPipes()
        let servers = ToolServers(
            entries, environment: ["PATH": "/usr/bin:/bin"], limits: Self.limits, timekeeper: time.timekeeper,
            startSeconds: startSeconds, onErrorLine: { [said] in said.record($1) }, log: log.record)
        try await ending(servers.close) { try await body(servers) }
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
