import MCPClient

/// Approves every call that needs approval, once each time. Other questions need a person.
final class AutomaticApproval: QuestionAnswerer {
    private let person: (any QuestionAnswerer)?

    /// - Parameter person: answers other questions; `nil` if nobody can.
    init(otherwise person: (any QuestionAnswerer)?) {
        self.person = person
    }

    func answer(_ question: ServerQuestion, onAsked: @Sendable () -> Void) async -> QuestionOutcome {
        if let approval = question.approval, approval.offered.contains(.once) {
            return .answered(ToolApproval.answer(.once))
        }
        guard let person else { return .notAsked("nobody can answer it here") }
        return await person.answer(question, onAsked: onAsked)
    }
}
