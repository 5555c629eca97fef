import ExecCore
import JSON
import MCP

/// `write_file`: creates or replaces a file.
struct WriteFileTool: SandboxTool {
    let description: Tool

    init(effects: ToolEffects) {
        description = Tool(
            name: "write_file", title: "Write a file",
            description: """
                Writes a text file atomically. Creates parent directories. Files for the user go to /artifacts.
                """,
            inputSchema: [
                "type": "object",
                "properties": [
                    "file_path": ["type": "string", "description": "Absolute or in /workspace"],
                    "content": ["type": "string", "description": "Whole file, at most 32 MiB"],
                ],
                "required": ["file_path", "content"], "additionalProperties": false,
            ],
            annotations: [
                "readOnlyHint": false, "destructiveHint": .bool(effects.reachesFiles), "idempotentHint": true,
                "openWorldHint": false,
            ], icons: [.write])
    }

    func prepare(_ arguments: JSONObject) throws(ToolArguments.MismatchError) -> Work {
        let arguments = checked(arguments)
        let path = try arguments.string("file_path")
        let content = try arguments.string("content")
        return { sandbox, _, _ in
            Self.toolResult(try await sandbox.write(content, to: path))
        }
    }

    static func toolResult(_ file: WrittenFile) -> ToolResult {
        ToolResult(content: [.text("Successfully wrote \(file.size) bytes to \(file.path)")])
    }
}
