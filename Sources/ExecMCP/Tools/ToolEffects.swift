import ExecCore

/// What code in a sandbox can affect outside it. Clients use these hints to decide whether to ask their user first (MCP
/// 2025-03-26 and newer, `ToolAnnotations`).
struct ToolEffects: Sendable, Equatable {
    /// Whether code can change or delete files that outlive the sandbox.
    let reachesFiles: Bool
    /// Whether code can reach other machines.
    let reachesNetwork: Bool

    /// Determines the effects in sandboxes with this configuration.
    init(in configuration: SandboxConfiguration) {
        reachesFiles = configuration.workspace != .ephemeral
        reachesNetwork = configuration.network != "none" || !configuration.allowedHosts.isEmpty
    }
}
