import ExecCore
import JSON
import JSONRPC
import MCP

/// Determines the user whose sandbox a request uses.
struct UserOfRequest: Sendable {
    /// The key in `_meta` with which a host that serves several people over one pipe names the user.
    static let key = MetaKey.user

    private let standard: @Sendable () -> UserID

    /// - Parameter standard: the user if the request names none; evaluated for each such request.
    init(standard: @escaping @autoclosure @Sendable () -> UserID) {
        self.standard = standard
    }

    /// - Throws: -32602 for an invalid user name.
    func callAsFunction(_ context: RequestContext) throws(RPCError) -> UserID {
        guard let value = context.meta.given(Self.key) else { return standard() }
        guard let user = value.stringValue.flatMap(UserID.init) else {
            throw .invalidParams("_meta[\"\(Self.key)\"] must be a string that matches \(UserID.pattern).")
        }
        return user
    }
}
