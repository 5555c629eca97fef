import JSON
import MCP

/// The server's identity and capabilities, as reported in the handshakes of both eras.
enum ServerIdentity {
    static let implementation = Implementation(
        name: "exec-mcp", title: "exec-mcp code sandbox", version: ServerHelp.version,
        summary: "Runs an agent's code in a private, hardened container.", icons: [.server])

    /// The capabilities offered to clients of `revision`.
    static func capabilities(for revision: Revision) -> JSON {
        var capabilities: JSONObject = [
            // No listChanged: the tools never change.
            "tools": [:], "prompts": ["listChanged": true], "resources": ["subscribe": true, "listChanged": true],
        ]
        if revision.hasProgressMessages { capabilities["completions"] = [:] }
        if revision.isModern {
            var extensions = ownExtensions
            extensions[ExtensionID.skills] = ["directoryRead": true]
            extensions[ExtensionID.tasks] = [:]
            capabilities["extensions"] = .object(extensions)
        } else {
            capabilities["experimental"] = .object(ownExtensions)
        }
        return .object(capabilities)
    }

    /// The extensions that are specific to exec-mcp.
    private static let ownExtensions: JSONObject = [
        SandboxMethod.filesExtension: [
            "maxFileBytes": .integer(FileUploads.maxFile), "maxChunkBytes": .integer(FileUploads.maxChunk),
        ],
        SandboxMethod.sandboxExtension: [:],
        SandboxMethod.metricsExtension: [:],
    ]

    static let instructions = """
        A private Linux sandbox for running code: execute_bash, write_file, read_file, read_docstring. The prompt \
        \(PromptName.agentSystem) describes it in full. Skills with further know-how are in /skills (read \
        NAME/SKILL.md, also as resource \(ResourcePrefix.skill)NAME/SKILL.md), Python helper modules in /tools; results \
        for the user go to /artifacts and are resources too, \(ResourcePrefix.artifact)NAME.
        """
}
