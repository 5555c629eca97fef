import HTTPServer
import OpenAI

/// Decides for which user a request is: the one that its key belongs to, or else the one that it names.
struct RequestUsers: Sendable {
    /// The header field in which a page names a user.
    static let pageField = "x-agent-user"

    let keys: APIKeys

    /// Returns the user that the request's key belongs to; `nil` if the key, or the absence of keys, lets it name any.
    func bound(_ request: HTTPRequest) -> String? {
        keys.key(of: request.header("authorization"))?.user
    }

    /// Returns the user of a chat, and the conversation that it continues.
    func caller(named: String?, by request: HTTPRequest, messages: [ChatMessage]) -> Caller {
        Caller(named: named, by: request, messages: messages, boundTo: bound(request))
    }

    /// Returns the user of a request that names one at most in its header fields; `nil` for the default user.
    func user(of request: HTTPRequest) -> String? {
        bound(request) ?? Caller.user(named: nil, by: request)
    }

    /// Returns the user of a request that may name one in its body or query; `nil` if it names none.
    func user(named: String?, of request: HTTPRequest) -> String? {
        bound(request) ?? Caller.user(named: named.flatMap { $0.isEmpty ? nil : $0 }, by: request)
    }

    /// Returns the user of a request whose path names one.
    ///
    /// - Throws: ``APIRequestError`` with status 404 if its key belongs to another user.
    func user(inPath name: String, of request: HTTPRequest) throws(APIRequestError) -> String {
        guard let bound = bound(request) else {
            return Caller.user(named: name, by: request) ?? UserName.byDefault
        }
        guard UserName.of(name) == bound else {
            throw APIRequestError(
                404, "There is nothing of this user here: the key belongs to the user \(bound).", code: "not_found")
        }
        return bound
    }

    /// Returns who uses the page.
    func pageUser(of request: HTTPRequest) throws(APIRequestError) -> PageUser {
        if let key = keys.key(of: request.header("authorization")), let user = key.user {
            return PageUser(name: user, isBound: true, isOperator: key.isOperator)
        }
        let named = request.header(Self.pageField) ?? ""
        guard named.utf8.count <= 1000 else {
            throw APIRequestError(400, "X-Agent-User is longer than 1000 bytes.", code: "invalid_user")
        }
        return PageUser(
            name: named.isEmpty ? UserName.byDefault : UserName.of(named), isBound: false, isOperator: true)
    }
}

/// Who uses the page.
struct PageUser: Sendable, Equatable {
    /// The user's name; see ``UserName``.
    let name: String
    /// Whether the key decides who it is.
    let isBound: Bool
    /// Whether all users' sandboxes may be seen and ended.
    let isOperator: Bool

    /// The name for the tool servers; `nil` for their default user.
    var forServers: String? { UserName.forServers(name) }
}
