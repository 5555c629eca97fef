import JSON
import MCP

/// Who this server is and what it offers, as the handshakes of both eras say it.
enum ServerIdentity {
    static let implementation = Implementation(
        name: "exec-mcp", title: "exec-mcp code sandbox", version: Help.version,
        summary: "Runs an agent's code in a private, hardened container.")

    static let capabilities: JSON = ["tools": [:], "prompts": [:]]

    static let instructions = """
        A private Linux sandbox for running code: execute_bash, write_file, read_file, read_docstring. The prompt \
        agent_system_prompt describes it in full. Skills with further know-how are in /skills (read NAME/SKILL.md), \
        Python helper modules in /tools; results for the user go to /artifacts.
        """
}
