import JSON
import MCP

extension ToolResult {
    /// Returns the result with a note from the server: as the last lines of the standard error if there is one, because
    /// every client shows that to its model; otherwise as a separate block.
    func addingNote(_ note: String) -> ToolResult {
        guard var object = structuredContent?.objectValue, let errors = object["stderr"]?.stringValue,
            !content.isEmpty
        else {
            return ToolResult(
                content: content + [.text(note)], structuredContent: structuredContent,
                isError: isError, report: report)
        }
        let lineEnd = errors.isEmpty || errors.hasSuffix("\n") ? "" : "\n"
        object["stderr"] = .string("\(errors)\(lineEnd)\(note)\n")
        return ToolResult(
            content: [.text(JSON.object(object).text)] + content.dropFirst(),
            structuredContent: .object(object), isError: isError, report: report)
    }
}
