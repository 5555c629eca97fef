import HTTPServer
import JSON
import OpenAI

/// A request to `POST /v1/chat/completions`, checked.
struct ChatCall: Sendable {
    let caller: Caller
    /// As the client names it; `nil` where it leaves the choice.
    let model: String?
    let messages: [ChatMessage]
    let isStreamed: Bool
    let includesUsage: Bool
    /// What is passed on to the model.
    let parameters: JSONObject
    /// The members that are passed over, though the client may have hoped for something.
    let passedOver: [String]

    /// - Throws: ``ServiceFailure`` with status 400 or 415.
    init(_ request: HTTPRequest) throws(ServiceFailure) {
        try Self.checkType(request)
        let body: JSON
        do throws(JSONParseError) {
            // Half an emoji, a raw tab or a byte order mark is no attack.
            body = try JSON.parseModelText(Self.withoutMark(request.body))
        } catch {
            throw ServiceFailure(400, "The body is not JSON: \(error).", code: "invalid_json")
        }
        let chat: ClientRequest
        do throws(FormatError) {
            chat = try ClientRequest(parsing: body)
        } catch {
            throw ServiceFailure(error)
        }
        caller = Caller(named: chat.user, by: request, messages: chat.messages)
        model = chat.model
        messages = chat.messages
        isStreamed = chat.isStreamed
        includesUsage = chat.includesUsage
        (parameters, passedOver) = try ChatParameters.check(chat.parameters)
        guard messages.last(where: { !$0.isInstruction })?.role == .user else {
            throw ServiceFailure(
                400, "The last message must be one of the role 'user': it is what the agent works on.",
                param: "messages")
        }
    }

    private static func withoutMark(_ body: [UInt8]) -> [UInt8] {
        body.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(body.dropFirst(3)) : body
    }

    /// A page can send a form to any service without asking; it cannot send JSON.
    private static func checkType(_ request: HTTPRequest) throws(ServiceFailure) {
        let type = request.header("content-type") ?? ""
        guard type.prefix(while: { $0 != ";" && $0 != " " }).lowercased() == "application/json" else {
            throw ServiceFailure(
                415, "Send the body as 'Content-Type: application/json'.", code: "unsupported_media_type")
        }
    }
}
