import ExecCore
import JSON
import JSONRPC
import MCP

/// Whose sandbox a request is about.
struct UserOfRequest: Sendable {
    /// The key of `_meta` by which a host that serves several people over one pipe says who is meant.
    static let key = MetaKey.user

    /// The user where the request names none.
    let standard: UserID

    /// - Throws: -32602 for a name that no user can have.
    func callAsFunction(_ context: RequestContext) throws(RPCError) -> UserID {
        guard let value = context.meta.given(Self.key) else { return standard }
        guard let user = value.stringValue.flatMap(UserID.init) else {
            throw .invalidParams("_meta[\"\(Self.key)\"] must be a string that matches \(UserID.pattern).")
        }
        return user
    }
}
