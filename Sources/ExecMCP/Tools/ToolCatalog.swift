import ExecCore
import JSON
import MCP

/// The tools that there are, in the order in which they are listed.
struct ToolCatalog: Sendable {
    private let tools: [any SandboxTool]

    /// - Parameters:
    ///   - configuration: of the sandboxes, for what the tools can do there.
    ///   - links: how results tell of artifacts.
    init(
        limits: Limits, configuration: SandboxConfiguration = SandboxConfiguration(), links: ArtifactLinks = .link
    ) {
        let effects = ToolEffects(in: configuration)
        tools = [
            ExecuteBashTool(limits: limits, effects: effects, links: links), WriteFileTool(effects: effects),
            ReadFileTool(limits: limits), ReadDocstringTool(),
        ]
    }

    /// The tool called `name`.
    func tool(named name: String) -> (any SandboxTool)? {
        tools.first { $0.description.name == name }
    }

    /// The names, for error messages.
    var names: [String] { tools.map(\.description.name) }

    /// The listing as `revision` has it.
    func listing(for revision: Revision) -> JSON {
        .array(tools.map { $0.description.json(for: revision) })
    }
}
