import Hashing
import JSON
import MCP

/// Identifies what a tool declares about itself: two tools with the same digest are the same to a model, and to a person
/// who approved one of them.
enum ToolDigest {
    private static let members = ["annotations", "description", "inputSchema", "name", "outputSchema"]

    /// Returns what the digest of a tool is made of: its name, description, schemas and annotations, in a canonical form.
    static func declaration(of tool: Tool) -> JSONObject {
        let declared = tool.json(for: .july2026)
        return members.reduce(into: JSONObject()) { $0[$1] = declared[$1]?.canonical }
    }

    /// Returns the SHA-256, in hexadecimal, of a tool's name, description, schemas and annotations. The order of members
    /// doesn't matter.
    static func digest(of tool: Tool) -> String {
        SHA256.hexDigest(of: JSON.object(declaration(of: tool)).serialized())
    }
}
