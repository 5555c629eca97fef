/// The version of the programs.
public enum ProgramVersion {
    /// The version as printed by `--version`.
    public static let text = "0.2.0"
}
