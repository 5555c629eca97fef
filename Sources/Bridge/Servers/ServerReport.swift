import MCP
import MCPServers

/// What a check of a server found.
public struct ServerReport: Sendable, Equatable {
    /// Tools that a rule keeps from running, at least without a person's approval.
    public struct Refusal: Sendable, Equatable {
        /// The rule: `default`, `pin`, or a list and its pattern.
        public let rule: String
        /// Whether they run if a person approves it.
        public let needsApproval: Bool
        /// The tools' names, in the server's order.
        public fileprivate(set) var tools: [String]
        /// What would let them run without a question, as part of a sentence.
        public let remedy: String
    }

    /// The server's name.
    public let name: String
    /// The name of its Python module.
    public let module: String
    /// How many tools it offers.
    public let tools: Int
    /// The tools that the rules refuse or ask about, by rule.
    public let refusals: [Refusal]
    /// How long it took to start and list its tools, in seconds.
    public let seconds: Double
    /// Why it can't be used; `nil` if it can.
    public let failure: String?

    /// How many tools the rules refuse.
    public var refused: Int { count { !$0.needsApproval } }
    /// How many tools the rules ask a person about.
    public var asked: Int { count(\.needsApproval) }

    private func count(_ isCounted: (Refusal) -> Bool) -> Int {
        refusals.filter(isCounted).reduce(0) { $0 + $1.tools.count }
    }

    init(checking server: BridgeServer) async {
        name = server.name
        module = server.module
        let start = ContinuousClock.now
        do throws(SupervisionError) {
            let tools = try await server.listAgain()
            self.tools = tools.count
            refusals = Self.refusals(of: tools, on: server)
            failure = nil
        } catch {
            (tools, refusals) = (0, [])
            failure = error.error(of: server.name).message
        }
        seconds = start.duration(to: .now) / .seconds(1)
    }

    private static func refusals(of tools: [Tool], on server: BridgeServer) -> [Refusal] {
        var refusals: [Refusal] = []
        for tool in tools {
            guard let refusal = server.refusal(of: tool) else { continue }
            if let place = refusals.firstIndex(where: {
                $0.rule == refusal.rule && $0.needsApproval == refusal.needsApproval
            }) {
                refusals[place].tools.append(tool.name)
            } else {
                let remedy = remedy(refusal, tool, server.name)
                refusals.append(
                    Refusal(
                        rule: refusal.rule, needsApproval: refusal.needsApproval, tools: [tool.name], remedy: remedy))
            }
        }
        return refusals
    }

    private static func remedy(_ refusal: ToolPolicy.Refusal, _ tool: Tool, _ server: String) -> String {
        if refusal.rule == PinnedTools.rule {
            return "\(ToolChange.command(server)) shows what has changed, and accepts it"
        }
        let name = tool.name.contains("\"") ? "NAME" : tool.name
        let allowing = "\"exec-mcp\": {\"tools\": {\"allow\": [\"\(name)\", …]}} in the entry \(server)"
        if refusal.rule == ToolPolicy.defaultRule {
            // What isn't asked about by default can't be called at all.
            return refusal.needsApproval ? allowing : "another name: a name with control characters is never called"
        }
        return refusal.needsApproval
            ? "\(allowing), without the pattern in exec-mcp.tools.ask"
            : "exec-mcp.tools.deny in the entry \(server), without the pattern"
    }
}
