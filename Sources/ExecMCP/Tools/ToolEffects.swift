import ExecCore

/// What code in a sandbox can do beyond it, for the hints that clients decide by whether to ask their user first (MCP
/// 2025-03-26 and newer, `ToolAnnotations`).
struct ToolEffects: Sendable, Equatable {
    /// Whether files can be changed or lost that outlive the sandbox.
    let reachesFiles: Bool
    /// Whether other machines can be reached.
    let reachesNetwork: Bool

    /// The effects in sandboxes of this kind.
    init(in configuration: SandboxConfiguration) {
        reachesFiles = configuration.workspace != .ephemeral
        reachesNetwork = configuration.network != "none" || !configuration.allowedHosts.isEmpty
    }
}
