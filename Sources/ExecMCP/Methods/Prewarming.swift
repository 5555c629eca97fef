import ExecCore
import MCP

/// Starts sandboxes when a client lists the tools, because a tool call is likely to follow.
struct Prewarming: Sendable {
    let pool: SandboxPool
    let defaultUser: DefaultUser
    /// Users who get a sandbox in addition to the user of the request.
    let expected: [UserID]

    /// Starts the sandboxes in the background, without waiting for them.
    func begin(_ context: RequestContext) {
        // An invalid user name is ignored here and rejected by the user's calls: a listing is the same for all users.
        let user = try? context.user(default: defaultUser)
        pool.prewarm((user.map { [$0] } ?? []) + expected)
    }
}
