import JSON
import JSONRPC

/// What a modern server wants to know before it fulfils a request (2026-07-28, basic/patterns/mrtr). It keeps nothing:
/// the request is made again, with the answers and with the state that it gave.
struct InputRequired {
    /// The requests that may be answered so.
    static let methods: Set<String> = ["tools/call", "prompts/get", "resources/read"]
    /// Questions of one answer.
    private static let mostQuestions = 16

    private let questions: [(key: String, elicitation: Elicitation)]
    private let state: String?

    /// Reads a result.
    ///
    /// - Parameter modes: the ways in which the server may ask; empty where it may not.
    /// - Returns: `nil` for a result of another kind, and for one that asks what nobody is there to answer.
    /// - Throws: ``MCPClientError/unsupported(_:)`` where it asks what was not offered to be answered,
    ///   ``MCPClientError/malformed(_:)``.
    init?(_ result: JSONObject, modes: Set<Elicitation.Mode>) throws(MCPClientError) {
        guard result["resultType"] == "input_required" else { return nil }
        let fields = Fields(result, of: "a result that asks for input")
        let requests = try fields.optionalObject("inputRequests") ?? JSONObject()
        state = try fields.optionalString("requestState")
        guard requests.isEmpty ? state != nil : !modes.isEmpty else { return nil }
        guard requests.count <= Self.mostQuestions else {
            throw .unsupported("more than \(Self.mostQuestions) questions to the user at once")
        }
        var questions: [(key: String, elicitation: Elicitation)] = []
        for request in requests {
            let fields = try Fields(request.value, of: "a request for input")
            let method = try fields.string("method")
            guard method == Elicitation.method else {
                throw .unsupported("a request for \(method.beginning(64)), which was not offered")
            }
            let elicitation = try Elicitation(try fields.object("params"), modes: modes)
            questions.append((request.key, elicitation))
        }
        self.questions = questions
    }

    /// The parameters of the request that is made again, once all questions are answered; one after the other, as a
    /// person answers them.
    ///
    /// - Parameter params: those of the first request: what one round adds is not for the next.
    /// - Throws: ``MCPClientError/cancelled``.
    func answered(
        _ params: JSONObject, by handler: (any ElicitationHandler)?
    ) async throws(MCPClientError) -> JSONObject {
        var answers = JSONObject()
        for question in questions {
            answers[question.key] = .object(await handler?.answer(question.elicitation).json ?? JSONObject())
            if Task.isCancelled { throw .cancelled }
        }
        var params = params
        if !answers.isEmpty { params["inputResponses"] = .object(answers) }
        params["requestState"] = state.map(JSON.string)
        return params
    }
}
