import ExecCore
import JSON
import JSONRPC
import MCP

/// The user of the requests that name none.
struct DefaultUser: Sendable {
    /// Returns the user. Called for each such request.
    let current: @Sendable () -> UserID

    /// - Parameter current: evaluated for each request that names no user.
    init(_ current: @escaping @autoclosure @Sendable () -> UserID) {
        self.current = current
    }
}

extension RequestContext {
    /// The key in `_meta` with which a host that serves several people over one pipe names the user.
    static let userKey = MetaKey.user

    /// Returns the user whose sandbox the request uses.
    ///
    /// - Throws: -32602 for an invalid user name.
    func user(default defaultUser: DefaultUser) throws(RPCError) -> UserID {
        guard let value = meta.given(Self.userKey) else { return defaultUser.current() }
        guard let user = value.stringValue.flatMap(UserID.init) else {
            throw .invalidParams("_meta[\"\(Self.userKey)\"] must be a string that matches \(UserID.pattern).")
        }
        return user
    }
}
