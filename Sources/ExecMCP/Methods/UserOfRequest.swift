import ExecCore
import JSON
import JSONRPC
import MCP

/// Whose sandbox a request is about.
struct UserOfRequest: Sendable {
    /// The key of `_meta` by which a host that serves several people over one pipe says who is meant.
    static let key = MetaKey.user

    private let standard: @Sendable () -> UserID

    /// - Parameter standard: the user where the request names none; asked for when one does not.
    init(standard: @escaping @autoclosure @Sendable () -> UserID) {
        self.standard = standard
    }

    /// - Throws: -32602 for a name that no user can have.
    func callAsFunction(_ context: RequestContext) throws(RPCError) -> UserID {
        guard let value = context.meta.given(Self.key) else { return standard() }
        guard let user = value.stringValue.flatMap(UserID.init) else {
            throw .invalidParams("_meta[\"\(Self.key)\"] must be a string that matches \(UserID.pattern).")
        }
        return user
    }
}
