import ExecCore
import JSON
import MCP

/// `read_docstring`: returns the documentation of a Python function.
struct ReadDocstringTool: SandboxTool {
    static let name = "read_docstring"

    let description = Tool(
        name: Self.name, title: "Read a docstring",
        description: "Returns the docstring of a function, class or Class.method in a Python file, without running it.",
        inputSchema: [
            "type": "object",
            "properties": [
                "file_path": ["type": "string", "description": "Such as /tools/NAME.py"],
                "function_name": ["type": "string"],
            ],
            "required": ["file_path", "function_name"], "additionalProperties": false,
        ],
        annotations: ["readOnlyHint": true, "openWorldHint": false], icons: [.documentation])

    func prepare(_ arguments: JSONObject) throws(ToolArguments.MismatchError) -> Work {
        let arguments = checked(arguments)
        let path = try arguments.string("file_path")
        let name = try arguments.string("function_name")
        return { sandbox, _, _ in
            Self.toolResult(try await sandbox.docstring(of: name, in: path))
        }
    }

    static func toolResult(_ docstring: String) -> ToolResult {
        ToolResult(content: [.text(docstring)])
    }
}
