/// Which values are replaced in what leaves the server.
public enum PrivateDataMode: String, Sendable, CaseIterable {
    /// None.
    case off
    /// Those that detectors found in results of servers that are marked.
    case found
    /// These, and what detectors find in any text that leaves.
    case all
}
