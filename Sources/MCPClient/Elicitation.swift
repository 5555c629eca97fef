public import JSON

/// A question that a server has for the person it works for (client/elicitation, since 2025-06-18). Everything in it comes
/// from the server and is untrusted.
public struct Elicitation: Sendable, Equatable {
    /// The ways in which servers ask.
    public enum Mode: String, Sendable, CaseIterable {
        /// The person fills in a form, and the server gets what it says.
        case form
        /// The person visits an address, and the server gets nothing but consent. Since 2025-11-25.
        case url
    }

    /// What is asked for.
    public enum Request: Sendable, Equatable {
        /// A form, as a JSON Schema of an object whose members are no objects.
        case form(schema: JSONObject)
        /// A visit to an address, which nothing may open without consent; with the name that the server has for it, which
        /// it gives up to 2025-11-25.
        case url(String, id: String?)
    }

    /// The method that asks, in all revisions that know it.
    static let method = "elicitation/create"
    /// Scalars that a question may have. One that is cut might be consented to for what it does not say.
    private static let longestMessage = 16_000
    private static let longestURL = 16_000

    /// The question, for the person.
    public let message: String
    /// What is asked for.
    public let request: Request
    /// All parameters, as the server wrote them.
    public let params: JSONObject

    /// Reads the parameters of a question.
    ///
    /// - Parameter modes: the ways that were offered to the server.
    /// - Throws: ``MCPClientError/malformed(_:)`` for what is no question, ``MCPClientError/unsupported(_:)`` for one that
    ///   was not offered to be answered.
    init(_ params: JSONObject, modes: Set<Mode>) throws(MCPClientError) {
        let fields = Fields(params, of: "a question to the user")
        let name = try fields.optionalString("mode") ?? Mode.form.rawValue
        guard let mode = Mode(rawValue: name), modes.contains(mode) else {
            throw .unsupported("a question to the user in the mode \(name.beginning(64)), which was not offered")
        }
        message = try fields.string("message")
        guard message.unicodeScalars.count <= Self.longestMessage else {
            throw .malformed("a question to the user of more than \(Self.longestMessage) characters")
        }
        switch mode {
        case .form:
            request = .form(schema: try fields.optionalObject("requestedSchema") ?? ["type": "object"])
        case .url:
            let url = try fields.string("url")
            guard url.unicodeScalars.count <= Self.longestURL else {
                throw .malformed("a question to the user with an address of more than \(Self.longestURL) characters")
            }
            request = .url(url, id: try fields.optionalString("elicitationId"))
        }
        self.params = params
    }
}

/// What a person says to a question.
public enum ElicitationAnswer: Sendable, Equatable {
    /// Yes; with what the form holds, `nil` for a visit.
    case accept(JSONObject?)
    /// No.
    case decline
    /// Neither: the question was closed.
    case cancel

    /// The answer as it is written in all revisions.
    var json: JSONObject {
        switch self {
        case .accept(let content?): ["action": "accept", "content": .object(content)]
        case .accept(nil): ["action": "accept"]
        case .decline: ["action": "decline"]
        case .cancel: ["action": "cancel"]
        }
    }
}

/// Answers the questions of a server, whichever era it is of. A client that has one offers to be asked.
public protocol ElicitationHandler: Sendable {
    /// The ways in which the server may ask.
    var modes: Set<Elicitation.Mode> { get }

    /// Answers a question. May take as long as a person does.
    ///
    /// A modern server asks by its answer to a request, and this is called by the task that made the request, without a
    /// time limit. One with a handshake asks while a request waits, nobody knows which, whose time goes on. The task is
    /// cancelled when the request is, when the server takes its question back and when the server ends; what is
    /// returned then is not sent.
    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer
}
