import MCP
import MCPClient
import MCPServers
import Threading

/// What one server says about working with it: its prompt for agents, or else its instructions. Cached for an hour, or
/// until the server reports that its prompts have changed or is restarted.
final class ServerPrompt: Sendable {
    /// The name of exec-mcp's prompt for agents.
    static let name = PromptName.agentSystem
    /// Seconds for which a prompt is cached.
    static let lifetime = 3600.0
    /// Maximum number of Unicode scalars used of one server's prompt.
    static let longest = 100_000

    private struct Kept {
        let text: String?
        let version: [Int]
        let fetched: Double
    }

    let server: ToolServer
    private let timekeeper: Timekeeper
    private let kept = Locked<Kept?>(nil)

    init(of server: ToolServer, timekeeper: Timekeeper) {
        self.server = server
        self.timekeeper = timekeeper
    }

    /// Returns the text; `nil` if the server has none.
    ///
    /// - Throws: ``SupervisionError``.
    func text() async throws(SupervisionError) -> String? {
        let now = timekeeper.now()
        let current = kept.withLock { kept -> Kept? in
            guard let kept, kept.version == server.version.of("prompts"), now - kept.fetched < Self.lifetime
            else { return nil }
            return kept
        }
        if let current { return current.text }
        let fetched = try await server.use(again: true) { (client) throws(MCPClientError) in
            let version = self.server.version.of("prompts")
            return Kept(text: try await Self.fetch(from: client), version: version, fetched: now)
        }
        kept.withLock { $0 = fetched }
        return fetched.text
    }

    private static func fetch(from client: MCPClient) async throws(MCPClientError) -> String? {
        guard try await client.listPrompts().contains(where: { $0.name == name }) else {
            return client.server.instructions
        }
        let texts = try await client.getPrompt(name).compactMap { message in
            if case .text(let text) = message.content { text } else { nil }
        }
        let text = texts.joined(separator: "\n\n")
        guard !text.isEmpty else { throw .malformed("the prompt \(name) without a text") }
        return String(text.unicodeScalars.prefix(longest))
    }
}
