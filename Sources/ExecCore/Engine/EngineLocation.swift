/// Where an engine runs, as far as a user says.
public enum EngineLocation: String, Sendable {
    /// To be found out.
    case automatic = "auto"
    /// On this machine, with which it shares files.
    case local
    /// Elsewhere.
    case remote
}
