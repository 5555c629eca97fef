/// Something that closes a tool whose rules may let it run, such as a change of what it declares. It opens nothing.
enum ToolRestriction: Sendable, Equatable {
    /// It does not run; with the rule, and sentences on why and on what can be done.
    case refuse(rule: String, String)
    /// A person has to approve it, whatever was approved under other rules.
    case ask(ToolPolicy.Question)

    /// Returns the decision of the rules with the restriction. What a rule refuses stays refused for its own reason.
    func applied(to decision: ToolPolicy.Decision) -> ToolPolicy.Decision {
        switch (self, decision) {
        case (_, .deny): decision
        case (.refuse(let rule, let reason), _): .deny(rule: rule, reason)
        case (.ask(let question), _): .ask(question)
        }
    }

    /// Returns the refusal by the rules with the restriction, likewise.
    func applied(to refusal: ToolPolicy.Refusal?) -> ToolPolicy.Refusal {
        if let refusal, !refusal.needsApproval { return refusal }
        return switch self {
        case .refuse(let rule, let reason): ToolPolicy.Refusal(rule: rule, needsApproval: false, reason: reason)
        case .ask(let question): ToolPolicy.Refusal(rule: question.rule, needsApproval: true, reason: question.reason)
        }
    }
}
