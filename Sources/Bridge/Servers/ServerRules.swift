import MCP
import MCPServers

/// What would happen to calls of each tool of a server.
public struct ServerRules: Sendable, Equatable {
    /// What happens to a call.
    public enum Action: String, Sendable {
        /// It runs.
        case run
        /// A person is asked.
        case ask
        /// It is refused.
        case deny
    }

    /// What would happen to calls of one tool, or to requests of one method.
    public struct Entry: Sendable, Equatable {
        /// The tool's own name, or the method.
        public let name: String
        /// What happens.
        public let action: Action
        /// The rule: `default`, `read-only`, or a list and its pattern.
        public let rule: String
        /// Why it is asked about or refused, as a sentence; empty if it runs.
        public let reason: String
        /// Whether it runs because a person has allowed it for good.
        public let isApproved: Bool
    }

    /// The server's name.
    public let name: String
    /// Its tools in its order, then the methods for resources and prompts.
    public let entries: [Entry]
    /// Why it can't be used; `nil` if it can.
    public let failure: String?

    init(of server: BridgeServer, _ approvals: UserApprovals) async {
        name = server.name
        let tools: [Tool]
        do throws(SupervisionError) {
            tools = try await server.listAgain()
        } catch {
            entries = []
            failure = error.error(of: server.name).message
            return
        }
        failure = nil
        let approvals = approvals.lasting
        let ofTools = tools.map { tool in
            Self.entry(tool.name, server.decision(on: tool), approvals) {
                ToolIdentity(tool, of: server.entry, rule: $0)
            }
        }
        let ofMethods = ["resources/read", "prompts/get"].map { method in
            Self.entry(method, server.decision(onReading: method, isListed: false), approvals) {
                ToolIdentity(method: method, of: server.entry, rule: $0)
            }
        }
        entries = ofTools + ofMethods
    }

    private static func entry(
        _ name: String, _ decision: ToolPolicy.Decision, _ approvals: LastingApprovals,
        identity: (String) -> ToolIdentity
    ) -> Entry {
        switch decision {
        case .run(let rule): Entry(name: name, action: .run, rule: rule, reason: "", isApproved: false)
        case .deny(let rule, let reason):
            Entry(name: name, action: .deny, rule: rule, reason: reason, isApproved: false)
        case .ask(let question):
            if approvals.allows(name, mayLast: question.mayLast, { identity(question.rule) }) {
                Entry(name: name, action: .run, rule: question.rule, reason: "", isApproved: true)
            } else {
                Entry(
                    name: name, action: .ask, rule: question.rule, reason: question.reason, isApproved: false)
            }
        }
    }
}
