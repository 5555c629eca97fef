import HTTPServer
import JSON
import OpenAI

/// A validated request to `POST /v1/responses`.
struct ResponseCall: ServedCall {
    let caller: Caller
    let model: String?
    let parameters: JSONObject
    let ignored: [String]
    let demand: CallDemand?
    let request: ResponseRequest
    /// What was said before, without instructions of the operator.
    let history: [ChatMessage]
    /// What is said now.
    let messages: [ChatMessage]

    /// - Throws: ``APIRequestError`` with status 400, 404 or 415.
    init(
        _ http: HTTPRequest, ownModel: String, users: RequestUsers, responses: ResponseStore
    ) throws(APIRequestError) {
        let body = try ChatCall.body(of: http)
        do throws(FormatError) {
            request = try ResponseRequest(parsing: body)
        } catch {
            throw APIRequestError(error)
        }
        let named = users.user(named: request.user, of: http)
        let previous = try request.previousID.map { (id) throws(APIRequestError) in
            try Self.previous(id, named, responses)
        }
        // Without a name, a response goes on in the sandbox of the one before.
        caller = Caller(user: named ?? previous?.user ?? UserName.byDefault)
        model = ChatCall.model(request.model, ownModel)
        (parameters, ignored, demand) = try ChatParameters.check(request.parameters)
        history = previous?.conversation ?? []
        var input = request.input
        var known: Set<String> = []
        for (place, id) in input.references {
            // Otherwise a small request would become a conversation of any size.
            guard known.insert(id).inserted else {
                throw APIRequestError(
                    400, "The input refers twice to the item '\(id.prefix(100))'.", param: "input",
                    code: "invalid_value")
            }
            guard let item = responses.item(id, of: named) else {
                throw APIRequestError(
                    404, "There is no item with the id '\(id.prefix(100))': send the item itself.", param: "input",
                    code: "item_not_found")
            }
            input.replace(place, by: item)
        }
        do throws(FormatError) {
            messages = try input.messages(after: history).withoutAddresses
        } catch {
            throw APIRequestError(error)
        }
        guard (history + messages).contains(where: { $0.role == .user }) else {
            throw APIRequestError(
                400, "A message with the role 'user' is required: it is the agent's task.", param: "input")
        }
        if request.isBackground, !request.isStored || !responses.keepsResponses {
            throw APIRequestError(
                400,
                responses.keepsResponses
                    ? "'background' requires 'store': a response that is not kept cannot be retrieved."
                    : "'background' is not supported here: the service keeps no responses (--session-timeout 0).",
                param: "background", code: "unsupported_parameter")
        }
    }

    private static func previous(
        _ id: String, _ user: String?, _ responses: ResponseStore
    ) throws(APIRequestError) -> LiveResponse {
        guard let previous = responses.response(id, of: user) else {
            throw APIRequestError(
                responses.keepsResponses ? 404 : 400,
                "There is no response with the id '\(id.prefix(100))': it was not stored, was deleted, or has expired.",
                param: "previous_response_id", code: "previous_response_not_found")
        }
        guard [.completed, .incomplete].contains(previous.status) else {
            throw APIRequestError(
                400, "The response '\(id)' is not complete, so it cannot be continued.",
                param: "previous_response_id", code: "previous_response_not_complete")
        }
        return previous
    }

    /// The conversation with which a run begins, given the messages with their files in place.
    func conversation(_ messages: [ChatMessage]) -> [ChatMessage] {
        let instructions = request.instructions.flatMap { $0.isEmpty ? nil : $0 }
        return (instructions.map { [ChatMessage(role: .system, text: $0)] } ?? []) + history + messages
    }
}
