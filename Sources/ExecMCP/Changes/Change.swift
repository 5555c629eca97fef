import ExecCore
import JSON

/// Something that clients may want to hear of.
enum Change: Sendable {
    /// Artifacts of a user came, changed or went.
    case artifacts(UserID, ArtifactChange)
    /// Skill files came, changed or went.
    case skills(changed: Set<ResourceURI>, listChanged: Bool)
    /// A Python module in the tools directory came, changed or went.
    case toolModules
    /// A task of a user has a new state, here as `notifications/tasks` has it.
    case task(UserID, id: String, state: JSONObject)
}
