import JSON
import MCP

/// The state of a user's sandbox.
struct SandboxStatus: Sendable, Equatable {
    let state: SandboxMethod.SandboxState
    /// What the workspace holds, in bytes; `nil` if unknown.
    let workspaceBytes: Int?
    /// What the workspace may hold, in bytes; `nil` if it isn't limited.
    let workspaceLimit: Int?

    init?(_ result: JSONObject) {
        guard let state = result["state"]?.stringValue.flatMap(SandboxMethod.SandboxState.init) else { return nil }
        self.state = state
        workspaceBytes = result["workspaceBytes"]?.integerValue
        workspaceLimit = result["workspaceLimit"]?.integerValue
    }
}
