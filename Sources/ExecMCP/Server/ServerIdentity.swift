import JSON
import MCP

/// Who this server is and what it offers, as the handshakes of both eras say it.
enum ServerIdentity {
    static let implementation = Implementation(
        name: "exec-mcp", title: "exec-mcp code sandbox", version: Help.version,
        summary: "Runs an agent's code in a private, hardened container.", icons: [.server])

    /// What is offered to clients of `revision`.
    static func capabilities(for revision: Revision) -> JSON {
        var capabilities: JSONObject = [
            // The tools never change, so nobody is promised to hear of it.
            "tools": [:], "prompts": ["listChanged": true], "resources": ["subscribe": true, "listChanged": true],
        ]
        if revision.hasProgressMessages { capabilities["completions"] = [:] }
        if revision.isModern {
            capabilities["extensions"] = [ExtensionID.skills: ["directoryRead": true], ExtensionID.tasks: [:]]
        }
        return .object(capabilities)
    }

    static let instructions = """
        A private Linux sandbox for running code: execute_bash, write_file, read_file, read_docstring. The prompt \
        \(PromptName.agentSystem) describes it in full. Skills with further know-how are in /skills (read \
        NAME/SKILL.md, also as resource \(ResourcePrefix.skill)NAME/SKILL.md), Python helper modules in /tools; results \
        for the user go to /artifacts and are resources too, \(ResourcePrefix.artifact)NAME.
        """
}
