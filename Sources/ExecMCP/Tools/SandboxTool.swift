import ExecCore
import JSON
import MCP

/// A tool: its description, and what it does in a sandbox.
protocol SandboxTool: Sendable {
    /// The work of a call in a sandbox. May ask the person who uses the client, if that is possible.
    typealias Work = @Sendable (Sandbox, Progress, (any UserInteraction)?) async throws -> ToolResult

    /// The tool's entry in `tools/list`.
    var description: Tool { get }

    /// Whether a call may take so long that a client with support for tasks shouldn't wait for it.
    var canBecomeTask: Bool { get }

    /// Whether a call may ask the person who uses the client.
    var canAsk: Bool { get }

    /// Checks the arguments and returns the work to do with them.
    ///
    /// - Throws: ``ToolArguments/MismatchError`` if the arguments don't match the input schema.
    func prepare(_ arguments: JSONObject) throws(ToolArguments.MismatchError) -> Work
}

extension SandboxTool {
    var canBecomeTask: Bool { false }
    var canAsk: Bool { false }

    /// Wraps the arguments for checked access; those that the input schema doesn't name are ignored.
    func checked(_ arguments: JSONObject) -> ToolArguments {
        ToolArguments(
            arguments, of: description.name, known: description.inputSchema["properties"]?.objectValue?.keys ?? [])
    }

    /// Returns a note about ignored arguments; `nil` if there is nothing to report.
    func remark(on arguments: JSONObject) -> String? { checked(arguments).remark }

    /// Returns the number of bytes of the arguments that the work keeps in memory.
    func size(of arguments: JSONObject) -> Int { checked(arguments).size }
}

extension ToolResult {
    /// Returns the result with a remark as the last block, so that the tool's own output stays where clients look for
    /// it.
    func adding(_ remark: String?) -> ToolResult {
        guard let remark else { return self }
        return ToolResult(
            content: content + [.text(remark)], structuredContent: structuredContent, isError: isError, report: report)
    }
}
