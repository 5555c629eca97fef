import BridgeModules
import JSON
public import MCP
import MCPServers

/// What the system prompt says about the servers' tools, and what that costs and saves.
public struct BridgePrompt: Sendable, Equatable {
    /// The section of the system prompt.
    public let section: String
    /// The servers, and about how many tokens the section takes instead of the tools' definitions.
    public let report: BridgeReport

    /// - Returns: `nil` without servers.
    init?(_ servers: [BridgeServer], budget: Int) async {
        guard let section = PromptSection(servers.map(\.pythonModule), budget: budget).text else { return nil }
        var reports: [BridgeReport.Server] = []
        var tokens = 0
        for server in servers {
            let tools = server.knownTools
            tokens += tools?.reduce(0) { $0 + Self.tokens(of: $1) } ?? 0
            reports.append(
                BridgeReport.Server(
                    name: server.name, tools: tools?.count ?? 0,
                    failure: tools == nil ? await Self.failure(of: server) : nil))
        }
        self.section = section
        report = BridgeReport(
            servers: reports, schemaTokens: tokens, promptTokens: TokenEstimate.tokens(in: section))
    }

    /// Estimates the tokens of a tool as clients send it to an OpenAI-compatible API.
    private static func tokens(of tool: Tool) -> Int {
        let function: JSON = [
            "name": .string(tool.name), "description": .string(tool.description), "parameters": tool.inputSchema,
        ]
        return TokenEstimate.tokens(in: JSON.object(["type": "function", "function": function]).text)
    }

    private static func failure(of server: BridgeServer) async -> String {
        guard case .failed(let reason) = await server.health else { return "it has not listed its tools yet" }
        return reason
    }
}
