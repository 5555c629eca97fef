import ExecCore
import JSON

/// What a person decided about calls of a tool.
enum ApprovalAnswer: Sendable, Equatable {
    /// Just these calls.
    case once
    /// The tool, until the session ends.
    case session
    /// The tool, for good.
    case always
    /// None; with a sentence on how that was said.
    case denied(String)
    /// Nobody can be asked; with the reason.
    case unavailable(String)
    /// This question could not be asked; with the reason. Another one may be.
    case failed(String)

    /// Whether it is about all calls of the tool, and not just those that were shown.
    var isForTool: Bool {
        switch self {
        case .session, .always, .denied: true
        case .once, .unavailable, .failed: false
        }
    }

    /// The choices in the order in which they are offered, by their names in the form.
    enum Choice: String, CaseIterable {
        case once
        case session
        case always
        case deny

        /// The choice in words.
        ///
        /// - Parameter count: how many calls the question is about.
        func title(count: Int) -> String {
            switch self {
            case .once: count == 1 ? "Allow this call" : "Allow these \(count) calls"
            case .session: "Allow this tool until the session ends"
            case .always: "Always allow this tool"
            case .deny: "Deny"
            }
        }
    }

    /// Reads an answer to the form.
    ///
    /// - Parameters:
    ///   - mayLast: whether ``Choice/always`` was offered.
    ///   - count: how many calls the question was about.
    init(_ answer: UserAnswer, mayLast: Bool, count: Int) {
        switch answer {
        case .decline: self = .denied("A person declined it.")
        case .cancel: self = .denied("A person dismissed the question.")
        case .unavailable(let reason): self = .unavailable(reason)
        case .failed(let reason): self = .failed(reason)
        case .accept(let content):
            let choices = Choice.allCases.map { (value: $0.rawValue, title: $0.title(count: count)) }
            switch Decision(content, choices) {
            // A client that shows no form.
            case .absent, .choice(Choice.once.rawValue): self = .once
            case .choice(Choice.session.rawValue): self = .session
            // More than was offered: as much of it as was.
            case .choice(Choice.always.rawValue): self = mayLast ? .always : .session
            case .choice(Choice.deny.rawValue): self = .denied("A person declined it.")
            case .choice, .unreadable: self = Self.unreadable
            }
        }
    }

    /// The answer of a client that returns something else than a choice. It approves nothing.
    static let unreadable = ApprovalAnswer.denied("The client's answer was not one of the choices.")

    /// What the content of an accepted form says.
    enum Decision: Equatable {
        /// Nothing at all.
        case absent
        /// One of the choices, by its value.
        case choice(String)
        /// Something else, which doesn't approve anything.
        case unreadable

        /// Reads the content of a form with one selection.
        ///
        /// - Parameter choices: what was offered: the values, and what is shown for them.
        init(_ content: JSONObject, _ choices: [(value: String, title: String)]) {
            guard let given = content.given(Self.key) else {
                self = content.allSatisfy { $0.value == .null } ? .absent : .unreadable
                return
            }
            // Some clients return a list of what is selected.
            let texts = given.arrayValue ?? [given]
            guard texts.count == 1, let text = texts[0].stringValue else {
                self = .unreadable
                return
            }
            // Some clients return what they showed.
            let choice = choices.first { $0.value == text } ?? choices.first { $0.title == text }
            self = choice.map { .choice($0.value) } ?? .unreadable
        }

        /// The name of the form's member.
        static let key = "decision"
    }
}
