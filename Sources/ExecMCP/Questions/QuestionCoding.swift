import ExecCore
import JSON
import JSONRPC
import MCP

extension UserQuestion {
    /// The method that asks a client's user.
    static let method = "elicitation/create"
    /// The notification that what a person visited a URL for is done, in 2025-11-25.
    static let completed = "notifications/elicitation/complete"

    /// Returns the parameters of the question in the format of `revision` (client/elicitation).
    ///
    /// - Parameters:
    ///   - modes: what the client declares.
    ///   - user: whose question it is; `nil` if the client knows.
    /// - Throws: ``UnaskableError`` if the client can't show it.
    func params(
        for revision: Revision, modes: ElicitationModes, user: QuestionedUser? = nil
    ) throws(UnaskableError) -> JSONObject {
        let message = (user?.salutation ?? "") + message
        var params = JSONObject()
        switch request {
        case .form(let schema):
            guard modes.contains(.form) else { throw UnaskableError("the client shows no forms", isLasting: true) }
            // 2025-06-18 has no other mode, and no member for it.
            if revision.hasURLElicitation { params["mode"] = "form" }
            params["message"] = .string(message)
            params["requestedSchema"] = .object(try FormSchema(for: revision).adapted(schema))
        case .url(let url, let id):
            guard modes.contains(.url) else { throw UnaskableError("the client shows no URLs") }
            params = ["mode": "url", "message": .string(message), "url": .string(url)]
            if !revision.isModern { params["elicitationId"] = .string(id) }
        }
        var meta = JSONObject()
        if !details.isEmpty { meta["exec-mcp/\(details["kind"]?.stringValue ?? "question")"] = .object(details) }
        if let user, user.isNamed { meta[MetaKey.user] = .string(user.id.name) }
        if !meta.isEmpty { params["_meta"] = .object(meta) }
        guard JSON.object(params).serialized().count <= QuestionLimits.questionBytes else {
            throw UnaskableError("the question has more than \(QuestionLimits.questionBytes) bytes")
        }
        return params
    }
}

extension UserAnswer {
    /// An answer for a client that is gone, or whose session ends.
    static let gone = UserAnswer.unavailable("the client is gone")

    /// Parses the result of `elicitation/create`. Content that no form could have is a failure.
    init(result: JSONObject) {
        switch result["action"]?.stringValue {
        case "accept":
            guard let content = Self.content(of: result) else {
                self = .failed("the client's answer is not the content of a form, or is too long")
                return
            }
            self = .accept(content)
        case "decline": self = .decline
        case "cancel": self = .cancel
        default: self = .failed("the client's answer lacks a valid action")
        }
    }

    /// Returns the content of a form: texts, numbers, truth values and lists of texts. `nil` if it is anything else.
    private static func content(of result: JSONObject) -> JSONObject? {
        guard let given = try? result.object("content") ?? JSONObject() else { return nil }
        var content = JSONObject()
        for member in given {
            switch member.value {
            case .null: continue
            case .string, .bool, .integer, .double: break
            case .array(let elements) where elements.allSatisfy({ $0.stringValue != nil }): break
            default: return nil
            }
            content[member.key] = member.value
        }
        return JSON.object(content).serialized().count <= QuestionLimits.answerBytes ? content : nil
    }
}
