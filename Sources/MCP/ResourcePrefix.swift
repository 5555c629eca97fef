/// The prefixes of exec-mcp's resource URIs. Specific to exec-mcp, not part of MCP; shared by both programs.
public enum ResourcePrefix {
    /// Prefix of an artifact's URI; followed by its name.
    public static let artifact = "artifact:///"
    /// Prefix of a skill file's URI; followed by the skill's name, a slash and the path within the skill.
    public static let skill = "skill://"
}
