import ExecCore
import JSON
import MCP

/// The available tools, in the order in which they are listed.
struct ToolCatalog: Sendable {
    private let tools: [any SandboxTool]

    /// - Parameters:
    ///   - configuration: the sandboxes' configuration, which determines what the tools can do there.
    ///   - links: how results refer to artifacts.
    ///   - servers: the names of the MCP servers whose tools code can call.
    init(
        limits: Limits, configuration: SandboxConfiguration = SandboxConfiguration(), links: ArtifactLinks = .link,
        servers: [String] = []
    ) {
        let effects = ToolEffects(in: configuration)
        tools = [
            ExecuteBashTool(limits: limits, effects: effects, links: links, servers: servers),
            WriteFileTool(effects: effects),
            ReadFileTool(limits: limits), ReadDocstringTool(),
        ]
    }

    /// Returns the tool called `name`.
    func tool(named name: String) -> (any SandboxTool)? {
        tools.first { $0.description.name == name }
    }

    /// The names of the tools, for error messages.
    var names: [String] { tools.map(\.description.name) }

    /// Returns the tool list in the format of `revision`.
    func listing(for revision: Revision) -> JSON {
        .array(tools.map { $0.description.json(for: revision) })
    }
}
