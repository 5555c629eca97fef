import JSON
import MCP

/// An entry in the list of all users' sandboxes.
struct UserSandbox: Sendable, Equatable {
    let user: String
    let state: SandboxMethod.SandboxState
    /// The name of its container; `nil` while it starts.
    let container: String?
    /// When it was started: ISO 8601, UTC.
    let since: String?

    init?(_ value: JSON) {
        guard let user = value["user"]?.stringValue,
            let state = value["state"]?.stringValue.flatMap(SandboxMethod.SandboxState.init)
        else { return nil }
        (self.user, self.state) = (user, state)
        container = value["container"]?.stringValue
        since = value["since"]?.stringValue
    }
}
