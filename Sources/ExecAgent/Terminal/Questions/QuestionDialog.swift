import JSON
import MCPClient

/// What a person types to answer a question, line by line. Independent of the terminal.
struct QuestionDialog: Sendable {
    /// What follows.
    enum Step: Sendable, Equatable {
        /// A line is requested, after untrusted lines, and a text, such as one about a line that was not understood.
        case ask(String, quoted: [String] = [], note: String? = nil)
        /// All that is asked about has to be shown: see ``didShowAll()``.
        case showAll
        case done(ElicitationAnswer)
    }

    private enum Stage {
        /// Whether a part of the call has not been shown.
        case approval(ToolApproval, isCut: Bool)
        case url
        /// The place of the field to fill in; after the last one, whether to send all.
        case form(QuestionForm, place: Int)
    }

    private static let ways = "Type y for yes, or n for no. Ctrl-D dismisses the question."

    private let server: String
    private var stage: Stage
    private var content = JSONObject()

    /// - Parameter isCut: whether a part of what is to be approved is not shown; then it cannot be.
    /// - Returns: `nil` for a question that cannot be answered on a terminal.
    init?(_ question: ServerQuestion, isCut: Bool = false) {
        server = RevealedText.line(question.server, limit: 60)
        if let approval = question.approval {
            stage = .approval(approval, isCut: isCut)
        } else if case .form(let schema) = question.elicitation.request {
            guard let form = QuestionForm(schema) else { return nil }
            stage = .form(form, place: 0)
        } else {
            stage = .url
        }
    }

    /// The first step.
    var beginning: Step { ask(note: nil) }

    /// Notes that everything has been shown.
    mutating func didShowAll() {
        if case .approval(let approval, _) = stage { stage = .approval(approval, isCut: false) }
    }

    /// Accepts a line.
    mutating func accept(_ line: String) -> Step {
        switch stage {
        case .approval(let approval, let isCut): return decide(line, approval, isCut)
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
        case .approval(_, isCut: true): return .ask("Allow? [all/N] ", note: note)
        case .approval(let approval, isCut: false):
            let letters = approval.offered.map { Self.letter(of: $0) } + ["N"]
            return .ask("Allow? [\(letters.joined(separator: "/"))] ", note: note)
        case .url: return .ask("Will you visit it? [y/N] ", note: note)
        case .form(let form, let place):
            guard place < form.fields.count else {
                guard !form.fields.isEmpty else { return .ask("Agree? [y/N] ", note: note) }
                let summary = note == nil ? FieldInput.summary(of: content, in: form) : []
                let empty = content.isEmpty ? "Nothing is filled in." : nil
                return .ask("Send this to \(server)? [y/N] ", quoted: summary, note: note ?? empty)
            }
            let field = form.fields[place]
            let details = note == nil ? FieldInput.details(of: field) : []
            return .ask(FieldInput.prompt(for: field), quoted: details, note: note ?? FieldInput.note(on: field))
        }
    }

    private func decide(_ line: String, _ approval: ToolApproval, _ isCut: Bool) -> Step {
        let word = line.trimmed.lowercased()
        if ["", "n", "no", "d", "deny"].contains(word) { return .done(ToolApproval.answer(.deny)) }
        guard !isCut else {
            if word == "all" { return .showAll }
            return ask(note: "Type all to see what is not shown, or n. Ctrl-D dismisses the question.")
        }
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
