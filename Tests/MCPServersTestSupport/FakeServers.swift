import JSON
import MCP
import MCPClient
package import MCPServers
import TestSupport

extension ToolServerEntry {
    /// The entry of a small server in Python that does what `script` says.
    package static func fake(_ script: String, name: String = "fake") -> ToolServerEntry {
        ToolServerEntry(
            name: name, command: FakeServerScript.interpreter, arguments: FakeServerScript.arguments(script))
    }
}

extension ToolServer {
    /// Calls a tool and takes its text.
    package func text(_ tool: String, again: Bool = false) async throws(SupervisionError) -> String {
        try await use(again: again) { (client) throws(MCPClientError) in
            guard case .text(let text)? = try await client.callTool(tool, [:], timeLimit: 60).content.first else {
                throw .malformed("no text")
            }
            return text
        }
    }
}
