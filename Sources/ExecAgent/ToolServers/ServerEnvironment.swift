import MCPServers
import SystemCalls
import Telemetry

/// The environment of a tool server.
enum ServerEnvironment {
    /// The agent's own secrets. A tool server runs code from others, some of it written by the model, and needs none
    /// of them: the model's key can spend its owner's money, and the API keys give full access to the API. An entry
    /// that sets one of these variables explicitly gets its own value.
    static let secrets: Set<String> = ["OPENAI_API_KEY", "AGENT_API_KEYS"]

    /// How exec-mcp reports artifacts. This program finds them by their links, so a setting in the environment that
    /// was meant for another client must not disable them.
    private static let artifactLinks = (name: "MCP_EXECUTOR_ARTIFACT_LINKS", value: "link")

    /// Returns our own variables without the secrets, merged with those of the entry.
    static func variables(for entry: ToolServerEntry, from ours: [String: String]) -> [String: String] {
        // The name of this program in traces is not that of a server.
        var variables = ours.filter {
            !secrets.contains($0.key) && $0.key != TraceExportSettings.serviceNameVariable
        }
        if Files.name(of: entry.command) == ServerConfiguration.standardProgram {
            variables[artifactLinks.name] = artifactLinks.value
        } else {
            // The key of a collector, to which exec-mcp exports as well.
            for name in TraceExportSettings.headersVariables { variables[name] = nil }
        }
        return variables.merging(entry.environment) { $1 }
    }
}
