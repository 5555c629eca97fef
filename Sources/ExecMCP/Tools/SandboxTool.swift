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

    /// Takes the arguments apart; those that the input schema does not name are passed over.
    func checked(_ arguments: JSONObject) -> ToolArguments {
        ToolArguments(
            arguments, of: description.name, known: description.inputSchema["properties"]?.objectValue?.keys ?? [])
    }

    /// What a result says of arguments that were passed over; `nil` where there is nothing to say.
    func remark(on arguments: JSONObject) -> String? { checked(arguments).remark }

    /// How many bytes of the arguments the work goes on holding.
    func size(of arguments: JSONObject) -> Int { checked(arguments).size }
}

extension ToolResult {
    /// The result with one more text, behind all others: what the tool itself returns stays where clients look for it.
    func adding(_ remark: String?) -> ToolResult {
        guard let remark else { return self }
        return ToolResult(content: content + [.text(remark)], structuredContent: structuredContent, isError: isError)
    }
}
