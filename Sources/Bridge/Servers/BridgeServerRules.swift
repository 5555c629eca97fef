import BridgeModules
import MCP

// What the rules of its entry and its pins say about a server's tools.
extension BridgeServer {
    /// Whether a call of the tool may run.
    func decision(on tool: Tool) -> ToolPolicy.Decision {
        let decision = policy.decision(on: tool)
        return restriction(of: tool)?.applied(to: decision) ?? decision
    }

    /// Why a tool does not run; `nil` if it runs.
    func refusal(of tool: Tool) -> ToolPolicy.Refusal? {
        let refusal = policy.refusal(of: tool)
        return restriction(of: tool)?.applied(to: refusal) ?? refusal
    }

    /// Whether tools that have changed don't run.
    var blocksChanges: Bool { pinned.areBlocked }

    /// Stops its process if a tool does not run because of a change, and a person has accepted changes since the process
    /// started: the program may have been updated. A process in use is left running.
    ///
    /// - Returns: whether the tools have to be listed again.
    func stopIfOutdated(for tool: Tool) async -> Bool {
        guard restriction(of: tool) != nil, pinned.isProcessOutdated, let version = listedVersion else { return false }
        await stopIfUnused(listed: version)
        return listedVersion != version
    }

    /// What its tools are compared with; `nil` for nothing.
    var pins: ToolPins? { pinned.pins }

    private func restriction(of tool: Tool) -> ToolRestriction? {
        guard blocksChanges else { return nil }
        return pinned.restriction(by: toolChanges.first { $0.tool.utf8.elementsEqual(tool.name.utf8) })
    }

    /// What a tool's documentation says about the rules and its changes.
    func sentence(for tool: Tool, _ changes: [ToolChange]) -> String {
        guard let change = changes.first(where: { $0.tool.utf8.elementsEqual(tool.name.utf8) }) else {
            return policy.sentence(for: tool)
        }
        guard !blocksChanges else { return refusal(of: tool).map { "refused. \($0.reason)" } ?? "" }
        return "\(policy.sentence(for: tool)) It \(change.clause)."
    }

    /// Whether a request for its resources or prompts may run.
    func decision(onReading method: String, isListed: Bool) -> ToolPolicy.Decision {
        policy.decision(onReading: method, isListed: isListed)
    }
}
