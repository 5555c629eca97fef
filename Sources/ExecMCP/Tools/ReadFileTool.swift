import ExecCore
import JSON
import MCP

/// `read_file`: returns lines of a text file, or an image.
struct ReadFileTool: SandboxTool {
    let description: Tool

    init(limits: Limits) {
        description = Tool(
            name: "read_file", title: "Read a file",
            description: """
                Reads lines of a text file, at most \(limits.output) bytes a call (a second block says how to go \
                on), or shows a PNG, JPEG, GIF or WebP picture.
                """,
            inputSchema: [
                "type": "object",
                "properties": [
                    "file_path": ["type": "string", "description": "Absolute or in /workspace"],
                    "offset": ["type": "integer", "default": 0, "minimum": 0, "description": "Lines to skip"],
                    "line_count": ["type": "integer", "minimum": 0, "description": "Default 0: all"],
                ],
                "required": ["file_path"], "additionalProperties": false,
            ],
            annotations: ["readOnlyHint": true, "openWorldHint": false], icons: [.read])
    }

    func prepare(_ arguments: JSONObject) throws(ToolArguments.MismatchError) -> Work {
        let arguments = checked(arguments)
        let path = try arguments.string("file_path")
        let offset = try arguments.integer("offset") ?? 0
        let lineCount = try arguments.integer("line_count")
        return { sandbox, _, _ in
            Self.toolResult(try await sandbox.read(path, offset: offset, lineCount: lineCount))
        }
    }

    /// Contains no empty text block, because model APIs reject those.
    static func toolResult(_ content: FileContent) -> ToolResult {
        switch content {
        case .text(let text, let remark):
            ToolResult(content: [text, remark].compactMap { $0 }.filter { !$0.isEmpty }.map(ContentBlock.text))
        case .image(let data, let mediaType, let remark):
            ToolResult(content: [.image(data: data, mediaType: mediaType)] + (remark.map { [.text($0)] } ?? []))
        }
    }
}
