import Diagnostics
import ExecCore
import JSON

/// The question whether a session's data may leave for a host.
struct EgressQuestion: Sendable {
    let host: String
    let sources: SessionSources

    private static let (session, deny) = ("session", "deny")
    private static let choices = [
        (value: session, title: "Allow this host until the session ends"), (value: deny, title: "Deny"),
    ]

    /// The question for the client.
    var question: UserQuestion {
        UserQuestion(
            message: """
                Code in the sandbox wants to connect to \(host.singleLine(limit: 200)), which the configuration allows.
                \(sources.reason). Such text can make an agent send private data away.
                """,
            request: .form(schema: [
                "type": "object",
                "properties": [
                    "decision": [
                        "type": "string", "title": "Decision",
                        "enum": .array(Self.choices.map { .string($0.value) }),
                        "enumNames": .array(Self.choices.map { .string($0.title) }),
                    ]
                ],
                "required": ["decision"],
            ]),
            details: [
                "kind": "approval", "host": .string(host), "count": 1, "rule": .string(SessionSources.rule),
                "reason": .string("\(sources.reason)."),
                "sources": [
                    "private": .array(sources.servers(.private).map { .string($0) }),
                    "untrusted": .array(sources.servers(.untrusted).map { .string($0) }),
                ],
            ])
    }

    /// Returns what an answer says: ``ApprovalAnswer/session`` lets data leave.
    static func decision(in answer: UserAnswer) -> ApprovalAnswer {
        guard case .accept(let content) = answer else { return ApprovalAnswer(answer, mayLast: false, count: 1) }
        return switch ApprovalAnswer.Decision(content, choices) {
        // A client that shows no form.
        case .absent, .choice(session): .session
        case .choice(deny): .denied("A person declined it.")
        case .choice, .unreadable: .unreadable
        }
    }
}
