import JSON
import MCPClient

/// A question whether calls of a tool may run, as exec-mcp asks it: a form with one selection, and details in `_meta`.
struct ToolApproval: Sendable, Equatable {
    /// The key of the details in `_meta`.
    private static let detailsKey = "exec-mcp/approval"
    /// The member of the form that receives the decision.
    private static let decisionKey = "decision"
    private static let scriptLength = 12

    /// The server and the tool: `calendar.create_event`.
    let tool: String
    /// How many calls are asked for.
    let count: Int
    /// The arguments of the calls, those that are equal only once.
    let arguments: [JSON]
    /// How many calls have each of the arguments; empty if not given.
    let counts: [Int]
    /// The beginning of the hash of the script that makes the calls; `nil` if not given.
    let script: String?
    /// Why the calls need approval, in words; `nil` if not given.
    let reason: String?
    /// The rule that asks; `nil` if not given.
    let rule: String?
    /// The decisions that are offered, besides ``ApprovalDecision/deny``.
    let offered: [ApprovalDecision]
    /// The details as the server wrote them.
    let details: JSONObject

    /// - Returns: `nil` for another question, or an approval whose details cannot be read: it is an ordinary form then.
    init?(_ elicitation: Elicitation) {
        guard case .form(let schema) = elicitation.request,
            let details = elicitation.params["_meta"]?[Self.detailsKey]?.objectValue,
            let server = details["server"]?.stringValue, let tool = details["tool"]?.stringValue,
            let properties = schema["properties"]?.objectValue, properties.count == 1,
            let form = QuestionForm(schema), case .choice(let options)? = form.fields.first?.kind,
            form.fields.first?.name == Self.decisionKey
        else { return nil }
        let values = Set(options.map(\.value))
        offered = ApprovalDecision.allCases.filter { $0 != .deny && values.contains($0.rawValue) }
        guard !offered.isEmpty else { return nil }
        self.tool = "\(server).\(tool)"
        self.details = details
        arguments = details["arguments"]?.arrayValue ?? []
        count = max(details["count"]?.integerValue ?? arguments.count, 1)
        let counts = details["counts"]?.arrayValue?.compactMap(\.integerValue) ?? []
        self.counts = counts.count == arguments.count ? counts : []
        script = Self.text("script", details).map { String($0.prefix(Self.scriptLength)) }
        reason = Self.text("reason", details)
        rule = Self.text("rule", details)
    }

    private static func text(_ key: String, _ details: JSONObject) -> String? {
        details[key]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Returns the answer that carries a decision.
    static func answer(_ decision: ApprovalDecision) -> ElicitationAnswer {
        decision == .deny ? .decline : .accept([decisionKey: .string(decision.rawValue)])
    }

    /// Returns the decision that an answer carries; `nil` if it carries none.
    static func decision(in answer: ElicitationAnswer) -> ApprovalDecision? {
        switch answer {
        case .accept(let content): content?[decisionKey]?.stringValue.flatMap { ApprovalDecision(rawValue: $0) }
        case .decline: .deny
        case .cancel: nil
        }
    }
}
