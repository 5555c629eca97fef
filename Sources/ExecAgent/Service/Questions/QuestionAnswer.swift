import JSON
import MCPClient

/// Parses a client's answer to a question: `action`, and for a form its `content`.
enum QuestionAnswer {
    /// - Throws: ``APIRequestError`` with status 400; the question stays open.
    static func parse(_ body: [UInt8], for question: ServerQuestion) throws(APIRequestError) -> ElicitationAnswer {
        let parsed: JSON
        do throws(JSONParseError) {
            parsed = try JSON.parse(body)
        } catch {
            throw APIRequestError(400, "The body isn't valid JSON: \(error).", code: "invalid_json")
        }
        guard let object = parsed.objectValue else { throw wrong("The body must be an object.", nil) }
        switch object["action"]?.stringValue {
        case "accept": return .accept(try content(of: object, question))
        case "decline": return .decline
        case "cancel": return .cancel
        default: throw wrong("'action' must be accept, decline or cancel.", "action")
        }
    }

    private static func content(
        of object: JSONObject, _ question: ServerQuestion
    ) throws(APIRequestError) -> JSONObject? {
        guard case .form(let schema) = question.elicitation.request else { return nil }
        guard let content = (object.given("content") ?? [:]).objectValue else {
            throw wrong("'content' must be an object.", "content")
        }
        guard let form = QuestionForm(schema) else {
            throw wrong("The form has a field of a kind that no form has: it can only be declined.", "content")
        }
        if let problem = form.problem(in: content) { throw wrong("In 'content', \(problem).", "content") }
        return content
    }

    private static func wrong(_ message: String, _ param: String?) -> APIRequestError {
        APIRequestError(400, message, param: param, code: "invalid_answer")
    }
}
