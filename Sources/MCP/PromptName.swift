/// The names of exec-mcp's prompts. Ours, not MCP's: both programs know them.
public enum PromptName {
    /// The prompt that makes an agent of a model.
    public static let agentSystem = "agent_system_prompt"
}
