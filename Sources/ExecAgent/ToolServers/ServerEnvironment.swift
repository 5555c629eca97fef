import MCPServers

/// What a tool server finds in its environment.
enum ServerEnvironment {
    /// The keys of the agent itself. A tool server runs code that others wrote, some of it what the model writes, and
    /// none of it needs them: whoever reads the model's key spends its owner's money, and whoever reads the keys of the
    /// API is its owner to it. An entry that names one of these itself gets what it names.
    static let secrets: Set<String> = ["OPENAI_API_KEY", "AGENT_API_KEYS"]

    /// How exec-mcp tells of artifacts. By its links this program knows which there are; what an environment says that
    /// was made for another client must not take them away.
    private static let artifactLinks = (name: "MCP_EXECUTOR_ARTIFACT_LINKS", value: "link")

    /// Our own variables but for the agent's keys, and those of the entry.
    static func variables(for entry: ToolServerEntry, from ours: [String: String]) -> [String: String] {
        var variables = ours.filter { !secrets.contains($0.key) }
        if ProgramFiles.name(of: entry.command) == ServerConfiguration.standardProgram {
            variables[artifactLinks.name] = artifactLinks.value
        }
        return variables.merging(entry.environment) { $1 }
    }
}
