import ExecCore
import JSON

/// A change that clients can subscribe to.
enum Change: Sendable {
    /// Artifacts of a user were added, modified or removed.
    case artifacts(UserID, ArtifactChange)
    /// Skill files were added, modified or removed.
    case skills(changed: Set<ResourceURI>, listChanged: Bool)
    /// A Python module in the tools directory was added, modified or removed.
    case toolModules
    /// A task of a user has a new state, given in the form of `notifications/tasks`.
    case task(UserID, id: String, state: JSONObject)
}
