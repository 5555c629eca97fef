import ExecCore
import JSON
import MCP

/// A tool: how it is shown, and what it does in a sandbox.
protocol SandboxTool: Sendable {
    /// What a call does with a sandbox.
    typealias Work = @Sendable (Sandbox, Progress) async throws -> ToolResult

    /// What `tools/list` shows.
    var description: Tool { get }

    /// Whether a call may take so long that a client which knows tasks had better not wait for it.
    var canBecomeTask: Bool { get }

    /// Checks the arguments and gives back the work to do with them.
    ///
    /// - Throws: ``ToolArguments/Mismatch`` where the arguments are not what the input schema says.
    func prepare(_ arguments: JSONObject) throws(ToolArguments.Mismatch) -> Work
}

extension SandboxTool {
    var canBecomeTask: Bool { false }

    /// Takes the arguments apart, refusing those that the input schema does not name.
    func checked(_ arguments: JSONObject) throws(ToolArguments.Mismatch) -> ToolArguments {
        let known = description.inputSchema["properties"]?.objectValue?.keys ?? []
        return try ToolArguments(arguments, of: description.name, known: known)
    }
}
