import JSON
import JSONRPC

/// A result that asks for input (2026-07-28, basic/patterns/mrtr). The server keeps no state: the client repeats the
/// request with the answers and the state from this result.
struct InputRequired {
    /// The methods that may return such a result.
    static let methods: Set<String> = ["tools/call", "prompts/get", "resources/read"]
    private static let maxQuestions = 16

    private let questions: [(key: String, elicitation: Elicitation)]
    private let state: String?

    /// Parses a result.
    ///
    /// - Parameter modes: the declared modes of elicitation; empty if none.
    /// - Returns: `nil` for a result of another type, and for one with questions if no mode was declared.
    /// - Throws: ``MCPClientError/unsupported(_:)`` for a question that was not declared,
    ///   ``MCPClientError/malformed(_:)``.
    init?(_ result: JSONObject, modes: Set<Elicitation.Mode>) throws(MCPClientError) {
        guard result["resultType"] == "input_required" else { return nil }
        let fields = Fields(result, of: "a result that asks for input")
        let requests = try fields.optionalObject("inputRequests") ?? JSONObject()
        state = try fields.optionalString("requestState")
        guard requests.isEmpty ? state != nil : !modes.isEmpty else { return nil }
        guard requests.count <= Self.maxQuestions else {
            throw .unsupported("more than \(Self.maxQuestions) questions to the user at once")
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

    /// Asks the questions one at a time, and returns the parameters to repeat the request with.
    ///
    /// - Parameter params: the parameters of the first request. What one round adds does not apply to the next.
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
