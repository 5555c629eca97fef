import HTTPServer
import JSON
import OpenAI

/// A validated request to `POST /v1/chat/completions`.
struct ChatCall: Sendable {
    let caller: Caller
    /// The model that the client names; `nil` for the default.
    let model: String?
    var messages: [ChatMessage]
    let isStreamed: Bool
    let includesUsage: Bool
    /// The parameters passed on to the model.
    let parameters: JSONObject
    /// The ignored members from which the client may have expected something.
    let ignored: [String]
    /// The call that the answer must be; `nil` for a text answer.
    let demand: CallDemand?

    /// - Parameters:
    ///   - ownModel: the model as listed; a client may write it in different case.
    ///   - users: decides whose request it is.
    /// - Throws: ``APIRequestError`` with status 400 or 415.
    init(_ request: HTTPRequest, ownModel: String, users: RequestUsers) throws(APIRequestError) {
        try Self.checkType(request)
        let body: JSON
        do throws(JSONParseError) {
            // Be lenient: half a surrogate pair, a raw tab or a byte order mark is not an attack.
            body = try JSON.parseModelText(Self.withoutMark(request.body))
        } catch {
            throw APIRequestError(400, "The body isn't valid JSON: \(error).", code: "invalid_json")
        }
        let chat: ClientRequest
        do throws(FormatError) {
            chat = try ClientRequest(parsing: body)
        } catch {
            throw APIRequestError(error)
        }
        caller = users.caller(named: chat.user, by: request, messages: chat.messages)
        let named = chat.model.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        model = named.map { $0.lowercased() == ownModel.lowercased() ? ownModel : $0 }
        messages = chat.messages
        isStreamed = chat.isStreamed
        includesUsage = chat.includesUsage
        (parameters, ignored, demand) = try ChatParameters.check(chat.parameters)
        guard messages.contains(where: { $0.role == .user }) else {
            throw APIRequestError(
                400, "A message with the role 'user' is required: it is the agent's task.", param: "messages")
        }
    }

    private static func withoutMark(_ body: [UInt8]) -> [UInt8] {
        body.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(body.dropFirst(3)) : body
    }

    /// Prevents cross-site requests: a page can send a form to any service without permission, but not JSON. A request
    /// without any sign of a page comes from a program that left the type out or sends its library's default.
    static func checkType(_ request: HTTPRequest) throws(APIRequestError) {
        let field = request.header("content-type") ?? ""
        let type = field.prefix { $0 != ";" && $0 != " " && $0 != "," }.lowercased()
        if type == "application/json" { return }
        let isOfPage = request.headers.contains { $0.name.hasPrefix("sec-") || pageFields.contains($0.name) }
        guard !isOfPage, loose.contains(type) || type.hasSuffix("json") else {
            throw APIRequestError(
                415, "Send the body as 'Content-Type: application/json'.", code: "unsupported_media_type")
        }
    }

    /// Fields that browsers send with a page's requests, besides those that start with `Sec-`.
    private static let pageFields: Set<String> = ["origin", "referer", "cookie"]
    /// Types that programs send with JSON by default.
    private static let loose: Set<String> = [
        "", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded",
    ]
}
