import JSON
import MCPClient
import SystemCalls

/// A tool server's question to the person whose run it is. What it says is untrusted.
struct ServerQuestion: Sendable, Equatable {
    /// An id that nobody can guess.
    let id: String
    /// The name of the server that asks.
    let server: String
    /// The call during which it asks.
    let callID: String
    /// What it asks.
    let elicitation: Elicitation
    /// The approval that it asks for; `nil` if it asks something else.
    let approval: ToolApproval?

    init(id: String = Self.makeID(), server: String, callID: String, elicitation: Elicitation) {
        self.id = id
        self.server = server
        self.callID = callID
        self.elicitation = elicitation
        approval = ToolApproval(elicitation)
    }

    /// `question_` and 24 random letters and digits.
    static func makeID() -> String { "question_" + RandomWord.make(24) }

    /// The members that describe it to programs.
    var json: JSONObject {
        var object: JSONObject = [
            "id": .string(id), "server": .string(server), "call_id": .string(callID),
            "message": .string(elicitation.message),
        ]
        switch elicitation.request {
        case .form(let schema):
            object["mode"] = "form"
            object["schema"] = .object(schema)
        case .url(let url, _):
            object["mode"] = "url"
            object["url"] = .string(url)
        }
        object["approval"] = approval.map { .object($0.details) }
        return object
    }
}

extension ServerQuestion {
    /// Returns the decision about an approval that an outcome carries; `nil` if none.
    func decision(in outcome: QuestionOutcome) -> ApprovalDecision? {
        guard approval != nil, case .answered(let answer) = outcome else { return nil }
        return ToolApproval.decision(in: answer)
    }
}
