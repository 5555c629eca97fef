import JSON
import MCP
import SystemCalls

/// Decides which tools of a server run, and which only once a person has approved it.
///
/// Denied beats asked about beats allowed. Without a rule, a tool that declares that it only reads, and only on this
/// machine, runs, and about any other a person is asked. What a tool declares never opens what a rule closes.
struct ToolPolicy: Sendable {
    enum Decision: Sendable, Equatable {
        /// It runs; with the rule that says so, for the audit log.
        case run(rule: String)
        /// It does not run; with the rule, and a sentence on what can be done.
        case deny(rule: String, String)
        /// A person has to approve it.
        case ask(Question)

        /// The rule.
        var rule: String {
            switch self {
            case .run(let rule), .deny(let rule, _): rule
            case .ask(let question): question.rule
            }
        }

        /// Whether it depends on what the tool declares.
        var isByDeclaration: Bool {
            switch self {
            case .run(let rule): rule == ToolPolicy.declaredRule
            case .deny: false
            case .ask: true
            }
        }
    }

    /// Why a person is asked.
    struct Question: Sendable, Equatable {
        /// The rule: `default`, or a list and its pattern.
        let rule: String
        /// A sentence on the reason.
        let reason: String
        /// A sentence on what would let it run without a question.
        let remedy: String
        /// Whether a person may allow the tool for good: not if the configuration requires a question.
        let mayLast: Bool
    }

    /// Why a tool does not run.
    struct Refusal: Sendable, Equatable {
        /// The rule: `default`, or a list and its pattern.
        let rule: String
        /// Whether it runs if a person approves it.
        let needsApproval: Bool
        /// Sentences on the reason, and on what can be done.
        let reason: String

        /// The protocol's form.
        var json: JSON {
            ["rule": .string(rule), "needsApproval": .bool(needsApproval), "reason": .string(reason)]
        }
    }

    static let defaultRule = "default"
    fileprivate static let declaredRule = "read-only"
    private static let listedRule = "listed"

    private let server: String
    private let settings: BridgeServerSettings

    init(_ entry: BridgeServerEntry) {
        server = entry.name
        settings = entry.settings
    }

    func decision(on tool: Tool) -> Decision {
        // Patterns end at a zero byte, and no honest name has a control character.
        guard !tool.name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return .deny(rule: Self.defaultRule, "Its name contains control characters.")
        }
        if let decision = ruled(tool.name) { return decision }
        if settings.trustsHints, tool.annotations["readOnlyHint"] == true, tool.annotations["destructiveHint"] != true,
            tool.annotations["openWorldHint"] == false
        {
            return .run(rule: Self.declaredRule)
        }
        let reason =
            settings.trustsHints
            ? "It does not declare that it only reads, and only on this machine."
            : "What it declares of itself is not trusted (exec-mcp.trustHints of its server is false)."
        return .ask(
            Question(rule: Self.defaultRule, reason: reason, remedy: remedy(tool.name), mayLast: true))
    }

    /// Decides about a request for the server's resources or prompts, to which the rules apply by the method's name.
    ///
    /// - Parameter isListed: whether the server lists what is asked for, so that code in the sandbox chooses no more
    ///   than which of it.
    func decision(onReading method: String, isListed: Bool) -> Decision {
        if let decision = ruled(method) { return decision }
        if isListed { return .run(rule: Self.listedRule) }
        let reason = "The server does not list it: it may lead anywhere, and take along what code writes into it."
        return .ask(Question(rule: Self.defaultRule, reason: reason, remedy: remedy(method), mayLast: true))
    }

    /// The decision of a pattern; `nil` if none matches.
    private func ruled(_ name: String) -> Decision? {
        if let pattern = Self.first(settings.deny, matching: name) {
            return .deny(
                rule: "deny \(pattern)",
                "The configuration of the server \(server) denies it (exec-mcp.tools.deny has \"\(pattern)\").")
        }
        if let pattern = Self.first(settings.ask, matching: name) {
            return .ask(
                Question(
                    rule: "ask \(pattern)",
                    reason: """
                        The configuration of the server \(server) requires a person to approve it (exec-mcp.tools.ask has \
                        "\(pattern)").
                        """,
                    remedy: remedy(name, besides: pattern), mayLast: false))
        }
        return Self.first(settings.allow, matching: name).map { .run(rule: "allow \($0)") }
    }

    /// Returns why a tool does not run without more; `nil` if it runs.
    func refusal(of tool: Tool) -> Refusal? {
        switch decision(on: tool) {
        case .run: nil
        case .deny(let rule, let reason): Refusal(rule: rule, needsApproval: false, reason: reason)
        case .ask(let question):
            Refusal(
                rule: question.rule, needsApproval: true,
                reason: "\(question.reason) A person is asked first. \(question.remedy)")
        }
    }

    /// Returns what a tool's documentation says about the rules; empty for a tool that runs.
    func sentence(for tool: Tool) -> String {
        guard let refusal = refusal(of: tool) else { return "" }
        return "\(refusal.needsApproval ? "needs approval" : "refused"). \(refusal.reason)"
    }

    /// - Parameter pattern: the pattern that asks for approval, which beats what is allowed.
    private func remedy(_ name: String, besides pattern: String? = nil) -> String {
        let also = pattern.map { ", without \"\($0)\" in exec-mcp.tools.ask" } ?? ""
        return """
            The person who runs this server can allow it for good: in the file given to --mcp-config, in the entry \(server), \
            "exec-mcp": {"tools": {"allow": ["\(name)"]}}\(also).
            """
    }

    /// Returns the first pattern that matches a name.
    private static func first(_ patterns: [String], matching name: String) -> String? {
        patterns.first { pattern in
            pattern.utf8.elementsEqual(name.utf8)
                || (pattern.contains { "*?[".contains($0) } && fnmatch(pattern, name, FNM_NOESCAPE) == 0)
        }
    }
}
