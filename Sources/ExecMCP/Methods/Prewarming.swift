import ExecCore
import MCP

/// The sandboxes that are started when a client lists the tools: soon it will call one.
struct Prewarming: Sendable {
    let pool: SandboxPool
    let user: UserOfRequest
    /// Users who get one then besides the one whom the request is about.
    let expected: [UserID]

    /// Has them started in the background. Nobody waits.
    func begin(_ context: RequestContext) {
        // A name that nobody can have is for the user's calls to refuse: a listing is the same for all.
        let user = try? user(context)
        pool.prewarm((user.map { [$0] } ?? []) + expected)
    }
}
