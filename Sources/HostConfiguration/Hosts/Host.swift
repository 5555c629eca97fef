import JSON

/// A program that starts MCP servers, and the file that configures them.
public struct Host: Sendable {
    /// The name on the command line.
    public let name: String
    /// The product name.
    public let title: String
    /// The path of a project's configuration file, relative to the project; `nil` if the host has none.
    public let projectFile: String?

    let format: ConfigFormat
    let userPath: @Sendable (Platform) -> String?

    /// Returns the path of the user's configuration file; `nil` if the home directory is unknown.
    public func userFile(_ platform: Platform) -> String? {
        userPath(platform)
    }

    /// Returns the text of a file that contains only this entry, with a line break at its end.
    public func block(_ entry: ServerEntry) -> String {
        format.block(entry)
    }

    /// Returns a shell command that adds the entry; `nil` if the host has none.
    public func shellCommand(_ entry: ServerEntry, forProject: Bool) -> String? {
        guard name == "claude-code" else { return nil }
        let scope = forProject ? "project" : "user"
        let words = ["claude", "mcp", "add", "--scope", scope, entry.name, "--", entry.program] + entry.arguments
        return words.map(Self.shellQuoted).joined(separator: " ")
    }

    private static func shellQuoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { character in
            character.isASCII && (character.isLetter || character.isNumber || "@%+=:,./-_".contains(character))
        }
        return isPlain && !word.isEmpty
            ? word
            : "'"
                + word.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\"'\"'") + "'"
    }
}

extension Host {
    /// All supported hosts, sorted by name.
    public static let all = [
        Host(
            name: "claude-code", title: "Claude Code", projectFile: ".mcp.json",
            format: .json(section: "mcpServers") { ["type": "stdio"] + command($0) }
        ) { platform in
            (platform.directory("CLAUDE_CONFIG_DIR") ?? platform.home).map { $0 + "/.claude.json" }
        },
        Host(
            name: "claude-desktop", title: "Claude Desktop", projectFile: nil,
            format: .json(section: "mcpServers") { command($0) }
        ) { platform in
            platform.applicationSupport.map { $0 + "/Claude/claude_desktop_config.json" }
        },
        Host(name: "codex", title: "Codex CLI", projectFile: nil, format: .toml) { platform in
            let directory = platform.directory("CODEX_HOME") ?? platform.home.map { $0 + "/.codex" }
            return directory.map { $0 + "/config.toml" }
        },
        Host(
            name: "cursor", title: "Cursor", projectFile: ".cursor/mcp.json",
            format: .json(section: "mcpServers") { command($0) }
        ) { platform in
            platform.home.map { $0 + "/.cursor/mcp.json" }
        },
        Host(
            name: "gemini", title: "Gemini CLI", projectFile: ".gemini/settings.json",
            // In milliseconds.
            format: .json(section: "mcpServers") { command($0) + ["timeout": .integer($0.hostTimeout * 1000)] }
        ) { platform in
            (platform.directory("GEMINI_CLI_HOME") ?? platform.home).map { $0 + "/.gemini/settings.json" }
        },
        Host(name: "goose", title: "Goose", projectFile: nil, format: .yaml) { platform in
            if let root = platform.directory("GOOSE_PATH_ROOT") { return root + "/config/config.yaml" }
            let directory = platform.directory("XDG_CONFIG_HOME") ?? platform.home.map { $0 + "/.config" }
            return directory.map { $0 + "/goose/config.yaml" }
        },
        Host(
            name: "vscode", title: "VS Code", projectFile: ".vscode/mcp.json",
            format: .json(section: "servers") { ["type": "stdio"] + command($0) }
        ) { platform in
            if let portable = platform.directory("VSCODE_PORTABLE") { return portable + "/user-data/User/mcp.json" }
            let directory = platform.directory("VSCODE_APPDATA") ?? platform.applicationSupport
            return directory.map { $0 + "/Code/User/mcp.json" }
        },
        Host(
            name: "zed", title: "Zed", projectFile: nil,
            format: .json(section: "context_servers") { entry in
                [
                    "command": .string(entry.program), "args": .array(entry.arguments.map(JSON.string)), "env": [:],
                ]
            }
        ) { platform in
            let linux = platform.directory("FLATPAK_XDG_CONFIG_HOME") ?? platform.applicationSupport
            let directory = platform.system == .linux ? linux : platform.home.map { $0 + "/.config" }
            return directory.map { $0 + "/zed/settings.json" }
        },
    ]

    /// Returns the program and its arguments under the names that nearly every host uses.
    private static func command(_ entry: ServerEntry) -> JSONObject {
        var members: JSONObject = ["command": .string(entry.program)]
        if !entry.arguments.isEmpty { members["args"] = .array(entry.arguments.map(JSON.string)) }
        return members
    }
}

extension JSONObject {
    /// Merges two objects, with the members on the left first.
    fileprivate static func + (left: JSONObject, right: JSONObject) -> JSONObject {
        right.reduce(into: left) { $0[$1.key] = $1.value }
    }
}
