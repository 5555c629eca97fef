import JSON
import MCPClient

/// Passes on what a tool server asks during one call, and reports it.
final class CallQuestions: Sendable {
    /// Maximum size of a question in bytes. Longer ones aren't cut: people must see all that they agree to.
    private static let maxBytes = 256 * 1024

    /// Who answers; the same object for all calls of a run.
    let answerer: any QuestionAnswerer
    private let callID: String
    private let onEvent: @Sendable (AgentEvent) -> Void

    init(
        callID: String, answerer: any QuestionAnswerer, onEvent: @escaping @Sendable (AgentEvent) -> Void
    ) {
        self.callID = callID
        self.answerer = answerer
        self.onEvent = onEvent
    }

    func answer(_ elicitation: Elicitation, from server: String) async -> ElicitationAnswer {
        let question = ServerQuestion(server: server, callID: callID, elicitation: elicitation)
        let isShort = JSON.object(elicitation.params).serialized().count <= Self.maxBytes
        let outcome =
            isShort
            ? await answerer.answer(question) { [onEvent] in onEvent(.questionAsked(question)) }
            : .notAsked("it has more than \(Self.maxBytes) bytes")
        onEvent(.questionClosed(question, outcome))
        return outcome.answer
    }
}
