import JSON
import MCP
import MCPClient
import MCPServers
import Threading

/// What one server says to a user about working with it: its prompt for agents, or else its instructions. Cached for an
/// hour, or until the server reports that its prompts have changed or is restarted.
final class ServerPrompt: Sendable {
    /// The name of exec-mcp's prompt for agents.
    static let name = PromptName.agentSystem
    /// Seconds for which a prompt is cached.
    static let lifetime = 3600.0
    /// The same for one that lacks tools which the next may have.
    static let incompleteLifetime = 60.0
    /// Maximum number of Unicode scalars used of one server's prompt.
    static let maxLength = 100_000

    private struct Kept {
        let text: String?
        let bridge: BridgeReport?
        let version: [Int]
        let fetched: Double

        var lifetime: Double {
            let isComplete = bridge?.servers.allSatisfy { $0.failure == nil } ?? true
            return isComplete ? ServerPrompt.lifetime : ServerPrompt.incompleteLifetime
        }
    }

    let server: ToolServer
    private let clock: MonotonicClock
    private let remark: @Sendable (String) -> Void
    /// By user; users may have skills of their own.
    private let kept = Locked<[String?: Kept]>([:])
    private static let maxUsers = 200

    /// - Parameter remark: called with each part of a prompt that is left out.
    init(of server: ToolServer, clock: MonotonicClock, remark: @escaping @Sendable (String) -> Void) {
        self.server = server
        self.clock = clock
        self.remark = remark
    }

    /// Returns the text for a user; `nil` if the server has none.
    ///
    /// - Parameter user: `nil` for the server's default.
    /// - Throws: ``SupervisionError``.
    func text(for user: String?) async throws(SupervisionError) -> String? { try await current(user).text }

    /// Returns what the server says about its bridge to other servers; `nil` if it has none.
    ///
    /// - Throws: ``SupervisionError``.
    func bridge() async throws(SupervisionError) -> BridgeReport? { try await current(nil).bridge }

    private func current(_ user: String?) async throws(SupervisionError) -> Kept {
        let now = clock.now()
        let current = kept.withLock { kept -> Kept? in
            guard let kept = kept[user], kept.version == server.version.of("prompts"),
                now - kept.fetched < kept.lifetime
            else { return nil }
            return kept
        }
        if let current { return current }
        let fetched = try await server.use(again: true) { (client) throws(MCPClientError) in
            let version = self.server.version.of("prompts")
            let (text, bridge) = try await self.fetch(from: client, for: user)
            return Kept(text: text, bridge: bridge, version: version, fetched: now)
        }
        kept.withLock { kept in
            if kept[user] == nil, kept.count >= Self.maxUsers { kept = [:] }
            kept[user] = fetched
        }
        return fetched
    }

    private func fetch(
        from client: MCPClient, for user: String?
    ) async throws(MCPClientError) -> (String?, BridgeReport?) {
        guard try await client.listPrompts().contains(where: { $0.name == Self.name }) else {
            return (client.server.instructions, nil)
        }
        let result = try await client.fetch(
            "prompts/get", ["name": .string(Self.name)], meta: ToolServers.meta(of: user))
        let texts = try result.promptMessages(remark: remark).compactMap { message in
            if case .text(let text) = message.content { text } else { nil }
        }
        let text = texts.joined(separator: "\n\n")
        guard !text.isEmpty else { throw .malformed("the prompt \(Self.name) without text") }
        return (String(text.unicodeScalars.prefix(Self.maxLength)), BridgeReport(result.meta[BridgeReport.metaKey]))
    }
}
