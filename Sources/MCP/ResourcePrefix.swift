/// How the URIs of exec-mcp's resources begin. Ours, not MCP's: both programs know them.
public enum ResourcePrefix {
    /// Of an artifact; its name follows.
    public static let artifact = "artifact:///"
    /// Of a skill's file; the skill's name follows, then a slash and the path in it.
    public static let skill = "skill://"
}
