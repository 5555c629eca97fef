import HTTPServer
import JSON
import OpenAI

/// A validated request to `POST /v1/chat/completions` or `POST /v1/completions`.
struct ChatCall: ServedCall {
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
    init(
        _ request: HTTPRequest, ownModel: String, users: RequestUsers, format: AnswerFormat
    ) throws(APIRequestError) {
        let body = try Self.body(of: request)
        let chat: ClientRequest
        do throws(FormatError) {
            chat = try ClientRequest(parsing: format == .chat ? body : TextCompletion.chat(body))
        } catch {
            throw APIRequestError(error)
        }
        let caller = users.caller(named: chat.user, by: request, messages: chat.messages)
        // A prompt contains everything that was said before.
        self.caller = format == .chat ? caller : caller.independent
        model = Self.model(chat.model, ownModel)
        messages = chat.messages
        isStreamed = chat.isStreamed
        includesUsage = chat.includesUsage
        (parameters, ignored, demand) = try ChatParameters.check(chat.parameters)
        guard messages.contains(where: { $0.role == .user }) else {
            throw APIRequestError(
                400, "A message with the role 'user' is required: it is the agent's task.", param: "messages")
        }
    }

    /// Returns the body of a request.
    ///
    /// - Throws: ``APIRequestError`` with status 400 or 415.
    static func body(of request: HTTPRequest) throws(APIRequestError) -> JSON {
        try checkType(request)
        do throws(JSONParseError) {
            // Be lenient: half a surrogate pair, a raw tab or a byte order mark is not an attack.
            return try JSON.parseModelText(withoutMark(request.body))
        } catch {
            throw APIRequestError(400, "The body isn't valid JSON: \(error).", code: "invalid_json")
        }
    }

    /// Returns the model that a client names; `nil` for the default.
    ///
    /// - Parameter ownModel: the model as listed; a client may write it in different case.
    static func model(_ named: String?, _ ownModel: String) -> String? {
        guard let named, !named.allSatisfy(\.isWhitespace) else { return nil }
        return named.lowercased() == ownModel.lowercased() ? ownModel : named
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
        guard !isOfPage(request), loose.contains(type) || type.hasSuffix("json") else {
            throw APIRequestError(
                415, "Send the body as 'Content-Type: application/json'.", code: "unsupported_media_type")
        }
    }

    /// Whether a request has a sign of a browser's page.
    static func isOfPage(_ request: HTTPRequest) -> Bool {
        request.headers.contains { $0.name.hasPrefix("sec-") || pageFields.contains($0.name) }
    }

    /// Fields that browsers send with a page's requests, besides those that start with `Sec-`.
    private static let pageFields: Set<String> = ["origin", "referer", "cookie"]
    /// Types that programs send with JSON by default.
    private static let loose: Set<String> = [
        "", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded",
    ]
}
