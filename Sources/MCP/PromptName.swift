/// The names of exec-mcp's prompts. Specific to exec-mcp, not part of MCP; shared by both programs.
public enum PromptName {
    /// The system prompt that turns a model into an agent.
    public static let agentSystem = "agent_system_prompt"
}
