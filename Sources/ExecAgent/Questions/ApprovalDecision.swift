/// What a person can decide about a call that needs approval, as exec-mcp names it.
enum ApprovalDecision: String, Sendable, CaseIterable {
    /// This call, or these calls if several are asked for at once.
    case once
    /// All calls of this tool, until the session ends.
    case session
    /// All calls of this tool, also later.
    case always
    case deny
}
