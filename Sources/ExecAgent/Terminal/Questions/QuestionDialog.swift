import JSON
import MCPClient

/// What a person types to answer a question, line by line. Independent of the terminal.
struct QuestionDialog: Sendable {
    /// What follows.
    enum Step: Sendable, Equatable {
        /// A line is requested, after a text about the one before, if that was not understood.
        case ask(String, note: String?)
        case done(ElicitationAnswer)
    }

    private enum Stage {
        case approval(ToolApproval)
        case url
        /// The place of the field to fill in; after the last one, whether to send all.
        case form(QuestionForm, place: Int)
    }

    private static let ways = "Type y for yes, or n for no. Ctrl-D dismisses the question."

    private let server: String
    private var stage: Stage
    private var content = JSONObject()

    /// - Returns: `nil` for a question that cannot be answered on a terminal.
    init?(_ question: ServerQuestion) {
        server = RevealedText.line(question.server.prefix(60))
        if let approval = question.approval {
            stage = .approval(approval)
        } else if case .form(let schema) = question.elicitation.request {
            guard let form = QuestionForm(schema) else { return nil }
            stage = .form(form, place: 0)
        } else {
            stage = .url
        }
    }

    /// The first step.
    var beginning: Step { ask(note: nil) }

    /// Accepts a line.
    mutating func accept(_ line: String) -> Step {
        switch stage {
        case .approval(let approval): return decide(line, approval)
        case .url:
            guard let isYes = Self.isYes(line, otherwise: false) else { return ask(note: Self.ways) }
            return .done(isYes ? .accept(nil) : .decline)
        case .form(let form, let place):
            guard place < form.fields.count else {
                guard let isYes = Self.isYes(line, otherwise: false) else { return ask(note: Self.ways) }
                return .done(isYes ? .accept(content) : .decline)
            }
            switch FieldInput.value(of: line, for: form.fields[place]) {
            case .failure(let error): return ask(note: error.message)
            case .success(let value):
                content[form.fields[place].name] = value
                stage = .form(form, place: place + 1)
                return ask(note: nil)
            }
        }
    }

    private func ask(note: String?) -> Step {
        switch stage {
        case .approval(let approval):
            let letters = approval.offered.map { Self.letter(of: $0) } + ["N"]
            return .ask("Allow? [\(letters.joined(separator: "/"))] ", note: note)
        case .url: return .ask("Will you visit it? [y/N] ", note: note)
        case .form(let form, let place):
            guard place < form.fields.count else {
                return .ask(form.fields.isEmpty ? "Agree? [y/N] " : "Send this to \(server)? [y/N] ", note: note)
            }
            let field = form.fields[place]
            return .ask(FieldInput.prompt(for: field), note: note ?? FieldInput.note(on: field))
        }
    }

    private func decide(_ line: String, _ approval: ToolApproval) -> Step {
        let word = line.trimmed.lowercased()
        if ["", "n", "no", "d", "deny"].contains(word) { return .done(ToolApproval.answer(.deny)) }
        for decision in approval.offered {
            let letter = Self.letter(of: decision)
            guard [letter, decision.rawValue].contains(word) || (decision == .once && word == "yes") else { continue }
            return .done(ToolApproval.answer(decision))
        }
        let letters = approval.offered.map { Self.letter(of: $0) }.joined(separator: ", ")
        return ask(note: "Type \(letters) or n. Ctrl-D dismisses the question.")
    }

    private static func letter(of decision: ApprovalDecision) -> String {
        switch decision {
        case .once: "y"
        case .session: "s"
        case .always: "a"
        case .deny: "n"
        }
    }

    /// Returns whether a line means yes; `nil` if it means neither.
    static func isYes(_ line: String, otherwise: Bool?) -> Bool? {
        switch line.trimmed.lowercased() {
        case "": otherwise
        case "y", "yes", "true": true
        case "n", "no", "false": false
        default: nil
        }
    }
}
