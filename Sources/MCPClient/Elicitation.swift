public import JSON

/// A server's question to its user (client/elicitation, since 2025-06-18). All of it is untrusted.
public struct Elicitation: Sendable, Equatable {
    /// The modes of elicitation.
    public enum Mode: String, Sendable, CaseIterable {
        /// The user fills in a form, which is sent to the server.
        case form
        /// The user visits a URL; the server only learns whether they agreed to. Since 2025-11-25.
        case url
    }

    /// What is asked for.
    public enum Request: Sendable, Equatable {
        /// A form, described by a JSON Schema of a flat object. The schema is not validated.
        case form(schema: JSONObject)
        /// A visit to a URL, which must not be opened without the user's consent. Revisions up to 2025-11-25 add an id.
        case url(String, id: String?)
    }

    /// The method's name in every revision that has it.
    static let method = "elicitation/create"
    /// The method of the notification that a visit is done, in 2025-11-25.
    static let completed = "notifications/elicitation/complete"
    /// Maximum length in Unicode scalars. Longer messages are rejected, not cut: users must see all they agree to.
    private static let maxMessageLength = 16_000
    private static let maxURLLength = 16_000

    /// The question to show to the user.
    public let message: String
    /// What is asked for.
    public let request: Request
    /// All parameters, as the server wrote them.
    public let params: JSONObject

    /// Parses the parameters of `elicitation/create`.
    ///
    /// - Parameter modes: the modes that this client declared.
    /// - Throws: ``MCPClientError/malformed(_:)`` for invalid parameters, ``MCPClientError/unsupported(_:)`` for a
    ///   mode that was not declared.
    init(_ params: JSONObject, modes: Set<Mode>) throws(MCPClientError) {
        let fields = Fields(params, of: "a question to the user")
        let name = try fields.optionalString("mode") ?? Mode.form.rawValue
        guard let mode = Mode(rawValue: name), modes.contains(mode) else {
            throw .unsupported("a question to the user in the mode \(name.beginning(64)), which was not offered")
        }
        message = try fields.string("message")
        guard message.unicodeScalars.count <= Self.maxMessageLength else {
            throw .malformed("a question to the user of more than \(Self.maxMessageLength) characters")
        }
        switch mode {
        case .form:
            request = .form(schema: try fields.optionalObject("requestedSchema") ?? ["type": "object"])
        case .url:
            let url = try fields.string("url")
            guard url.unicodeScalars.count <= Self.maxURLLength else {
                throw .malformed("a question to the user with an address of more than \(Self.maxURLLength) characters")
            }
            request = .url(url, id: try fields.optionalString("elicitationId"))
        }
        self.params = params
    }
}

/// The user's response to an ``Elicitation``.
public enum ElicitationAnswer: Sendable, Equatable {
    /// The user agreed. Carries the form's content; `nil` for a URL.
    case accept(JSONObject?)
    /// The user refused.
    case decline
    /// The user dismissed the question without a choice.
    case cancel

    /// The result as every revision encodes it.
    var json: JSONObject {
        switch self {
        case .accept(let content?): ["action": "accept", "content": .object(content)]
        case .accept(nil): ["action": "accept"]
        case .decline: ["action": "decline"]
        case .cancel: ["action": "cancel"]
        }
    }
}

/// Answers a server's questions to its user, in both eras. A client with a handler declares the elicitation
/// capability.
public protocol ElicitationHandler: Sendable {
    /// The modes to declare. Must not change.
    var modes: Set<Elicitation.Mode> { get }

    /// Answers a question. May take as long as the user needs.
    ///
    /// A modern server asks in its result of a request: this runs in the task that made the request, and no time limit
    /// applies meanwhile. A legacy server asks with a request of its own, which does not say which call it belongs to:
    /// this runs in a new task, and the time limits of all calls stand still. The task is cancelled when the call is
    /// cancelled (modern), or when the server cancels its request or ends (legacy); the answer is then not sent.
    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer

    /// A legacy server says that what the user visited a URL for is done. Called on the thread that reads from the
    /// server; must return at once.
    ///
    /// - Parameter id: the id of the question, which the server may have invented.
    func visitCompleted(_ id: String)
}

extension ElicitationHandler {
    /// For handlers that nobody waits with.
    public func visitCompleted(_ id: String) {}
}
