import Diagnostics
import MCPClient

/// Summarizes questions in one line for a person.
enum QuestionSummary {
    private static let maxName = 100
    private static let maxMessage = 200

    /// Returns what is asked: `exec-mcp asks whether to allow calendar.create_event`.
    static func beginning(of question: ServerQuestion) -> String {
        let server = question.server.singleLine(limit: maxName)
        guard let approval = question.approval else {
            return "\(server) asks: \(question.elicitation.message.singleLine(limit: maxMessage))"
        }
        return "\(server) asks whether to allow \(calls(approval))"
    }

    /// Returns what became of it: `calendar.create_event: allowed once`.
    static func end(of question: ServerQuestion, _ outcome: QuestionOutcome) -> String {
        let what = question.approval.map(calls) ?? "the question of \(question.server.singleLine(limit: maxName))"
        let end =
            switch (outcome, question.decision(in: outcome)) {
            case (.expired, _): "not answered in time"
            case (.withdrawn, _): "no longer asked"
            case (.notAsked(let reason), _): "not asked, because \(reason)"
            case (_, .once): "allowed"
            case (_, .session): "allowed until the session ends"
            case (_, .always): "always allowed"
            case (_, .deny): "not allowed"
            case (.answered(.accept), nil): "answered"
            case (.answered(.decline), nil): "declined"
            case (.answered(.cancel), nil): "dismissed"
            }
        return "\(what): \(end)"
    }

    private static func calls(_ approval: ToolApproval) -> String {
        let tool = approval.tool.singleLine(limit: maxName)
        return approval.count == 1 ? tool : "\(approval.count) calls of \(tool)"
    }
}
