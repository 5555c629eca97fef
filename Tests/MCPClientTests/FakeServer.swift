import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Starts small servers in Python, each with the habits that a test gives it, and records what they say.
struct FakeServer {
    /// The lines of the server's standard error: what it was asked, where a test has it written.
    let said = Recorder<String>()
    /// The notifications that the client handed on.
    let notifications = Recorder<String>()
    /// What the client remarked on.
    let remarks = Recorder<String>()

    /// The program of a server.
    static func program(_ script: String) -> ServerProgram {
        ServerProgram(
            executable: FakeServerScript.interpreter, arguments: FakeServerScript.arguments(script),
            environment: ["PATH": "/usr/bin:/bin"])
    }

    /// Starts a server and connects.
    func start(
        _ script: String, limits: ClientLimits = .patient, elicitation: (any ElicitationHandler)? = nil
    ) async throws(MCPClientError) -> MCPClient {
        ignoreBrokenPipes()
        let handlers = ServerHandlers(
            onNotification: notifications.record, onErrorLine: said.record, onRemark: remarks.record,
            elicitation: elicitation)
        return try await MCPClient.start(
            Self.program(script), as: ClientIdentity(name: "test", version: "0"), limits: limits, handlers: handlers)
    }

    /// Runs `body` with a client of a server, and ends it.
    func with(
        _ script: String, limits: ClientLimits = .patient, elicitation: (any ElicitationHandler)? = nil,
        _ body: (MCPClient) async throws -> Void
    ) async throws {
        let client = try await start(script, limits: limits, elicitation: elicitation)
        try await closing(with: client.close) { try await body(client) }
    }
}

extension MCPClient {
    /// Calls a tool without arguments and takes its text.
    func text(_ tool: String, timeLimit: Double? = 60) async throws -> String {
        let result = try await callTool(tool, [:], timeLimit: timeLimit)
        guard case .text(let text)? = result.content.first else { throw NoTextError() }
        return text
    }

    private struct NoTextError: Error {}
}
