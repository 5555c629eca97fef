import HTTPServer
import JSON

/// A validated request to `POST /ui/runs`.
struct RunRequest: Sendable, Equatable {
    /// Maximum size of a message in bytes.
    static let maxText = 256 * 1024
    /// Maximum number of files that accompany a message.
    private static let maxAttachments = 50
    /// Maximum length of a path in bytes.
    private static let maxPath = 1024

    /// The conversation that it continues; `nil` for a new one.
    let conversation: String?
    let text: String
    /// Paths in the sandbox.
    let attachments: [String]
    /// The model; `nil` for the default.
    let model: String?
    /// The turn that it replaces, with all later ones; `nil` to add a turn.
    let replacedTurn: Int?

    /// - Throws: ``APIRequestError`` with status 400 or 415.
    init(_ request: HTTPRequest) throws(APIRequestError) {
        let body = try PageBody(request)
        conversation = try body.text("conversation_id")
        text = try body.text("text") ?? ""
        model = try body.text("model")
        replacedTurn = try body.number("replace_turn")
        guard text.utf8.count <= Self.maxText else {
            throw APIRequestError(
                400, "'text' is longer than \(Self.maxText) bytes: send it as a file.", param: "text",
                code: "text_too_long")
        }
        attachments = try body.texts("attachments")
        guard attachments.count <= Self.maxAttachments, attachments.allSatisfy(Self.isPath) else {
            throw APIRequestError(
                400, "'attachments' must be at most \(Self.maxAttachments) absolute paths in the sandbox.",
                param: "attachments", code: "invalid_attachments")
        }
        guard !text.allSatisfy(\.isWhitespace) || !attachments.isEmpty else {
            throw APIRequestError(400, "'text' is empty.", param: "text", code: "invalid_text")
        }
        guard replacedTurn == nil || conversation != nil else {
            throw APIRequestError(
                400, "'replace_turn' needs a 'conversation_id'.", param: "replace_turn", code: "invalid_turn")
        }
    }

    /// Whether a text is an absolute path on one line: it becomes a part of the message.
    static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.utf8.count <= maxPath
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
    }
}

/// The JSON object that a request of the page has as its body.
struct PageBody: Sendable {
    private let members: JSONObject

    /// - Throws: ``APIRequestError`` with status 400 or 415.
    init(_ request: HTTPRequest) throws(APIRequestError) {
        // Without exceptions, unlike for programs: a page of another origin can send any other type without permission.
        let type = request.header("content-type")?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/json" else {
            throw APIRequestError(
                415, "Send the body as 'Content-Type: application/json'.", code: "unsupported_media_type")
        }
        let body: JSON
        do throws(JSONParseError) {
            body = try JSON.parse(request.body, valueLimit: 10_000)
        } catch {
            throw APIRequestError(400, "The body isn't valid JSON: \(error).", code: "invalid_json")
        }
        guard let members = body.objectValue else {
            throw APIRequestError(400, "The body must be an object.", code: "invalid_type")
        }
        self.members = members
    }

    /// Returns a text; `nil` if it is missing, null or empty.
    func text(_ name: String) throws(APIRequestError) -> String? {
        guard let value = members.given(name) else { return nil }
        guard let text = value.stringValue else { throw Self.wrong(name, "a string") }
        return text.isEmpty ? nil : text
    }

    func number(_ name: String) throws(APIRequestError) -> Int? {
        guard let value = members.given(name) else { return nil }
        guard let number = value.integerValue else { throw Self.wrong(name, "a whole number") }
        return number
    }

    func flag(_ name: String) throws(APIRequestError) -> Bool {
        guard let value = members.given(name) else { return false }
        guard let flag = value.boolValue else { throw Self.wrong(name, "true or false") }
        return flag
    }

    func texts(_ name: String) throws(APIRequestError) -> [String] {
        guard let value = members.given(name) else { return [] }
        let texts = value.arrayValue?.compactMap(\.stringValue)
        guard let texts, texts.count == value.arrayValue?.count else { throw Self.wrong(name, "an array of strings") }
        return texts
    }

    private static func wrong(_ name: String, _ form: String) -> APIRequestError {
        APIRequestError(400, "'\(name)' must be \(form).", param: name, code: "invalid_type")
    }
}
