import HTTPServer
import JSON
import OpenAI

/// A request to `POST /v1/chat/completions`, checked.
struct ChatCall: Sendable {
    let caller: Caller
    /// As the client names it; `nil` where it leaves the choice.
    let model: String?
    var messages: [ChatMessage]
    let isStreamed: Bool
    let includesUsage: Bool
    /// What is passed on to the model.
    let parameters: JSONObject
    /// The members that are passed over, though the client may have hoped for something.
    let passedOver: [String]
    /// The call that the answer must be; `nil` for an answer in text.
    let demand: CallDemand?

    /// - Throws: ``APIRequestError`` with status 400 or 415.
    ///
    /// - Parameter ownModel: the model as it is listed, which a client may write in other cases.
    init(_ request: HTTPRequest, ownModel: String) throws(APIRequestError) {
        try Self.checkType(request)
        let body: JSON
        do throws(JSONParseError) {
            // Half an emoji, a raw tab or a byte order mark is no attack.
            body = try JSON.parseModelText(Self.withoutMark(request.body))
        } catch {
            throw APIRequestError(400, "The body is not JSON: \(error).", code: "invalid_json")
        }
        let chat: ClientRequest
        do throws(FormatError) {
            chat = try ClientRequest(parsing: body)
        } catch {
            throw APIRequestError(error)
        }
        caller = Caller(named: chat.user, by: request, messages: chat.messages)
        let named = chat.model.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        model = named.map { $0.lowercased() == ownModel.lowercased() ? ownModel : $0 }
        messages = chat.messages
        isStreamed = chat.isStreamed
        includesUsage = chat.includesUsage
        (parameters, passedOver, demand) = try ChatParameters.check(chat.parameters)
        guard messages.contains(where: { $0.role == .user }) else {
            throw APIRequestError(
                400, "There must be a message of the role 'user': it is what the agent works on.", param: "messages")
        }
    }

    private static func withoutMark(_ body: [UInt8]) -> [UInt8] {
        body.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(body.dropFirst(3)) : body
    }

    /// A page can send a form to any service without asking; it cannot send JSON. What says in no way that it comes from a
    /// page is a program that left the type out, or sends what its library puts there.
    private static func checkType(_ request: HTTPRequest) throws(APIRequestError) {
        let field = request.header("content-type") ?? ""
        let type = field.prefix { $0 != ";" && $0 != " " && $0 != "," }.lowercased()
        if type == "application/json" { return }
        let isOfPage = request.headers.contains { $0.name.hasPrefix("sec-") || pageFields.contains($0.name) }
        guard !isOfPage, loose.contains(type) || type.hasSuffix("json") else {
            throw APIRequestError(
                415, "Send the body as 'Content-Type: application/json'.", code: "unsupported_media_type")
        }
    }

    /// Fields that browsers send with what a page asks for, besides those that begin with `Sec-`.
    private static let pageFields: Set<String> = ["origin", "referer", "cookie"]
    /// Types that JSON goes by where nobody thought of the type.
    private static let loose: Set<String> = [
        "", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded",
    ]
}
